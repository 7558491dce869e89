"""A command whose output nobody reads any more, as in `ti list | head`, ends quietly."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

EXIT_CODE = 141  # what a shell reports of a program that SIGPIPE ended


def run_until_unread(command: Callable[[], int]) -> int:
    """Run a command and give its exit code, or 141 when what reads its output has gone."""
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()  # here it can be caught, at the interpreter's end no more
    except BrokenPipeError:
        _silence()
        return EXIT_CODE


def _silence() -> None:
    """Point what cannot be written to at nothing: the interpreter flushes it once more."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nothing, stream.fileno())
    os.close(nothing)
