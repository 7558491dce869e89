"""A command whose pipe was closed, as in `ti list | head`, ends without a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

EXIT_CODE = 141  # what a shell reports of a program that SIGPIPE ended


def run_until_unread(command: Callable[[], int]) -> int:
    """Run a command; return its exit code, or 141 when the reader of its output has gone."""
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()  # here it can be caught, at the interpreter's end no more
    except BrokenPipeError:
        _discard_output()
        return EXIT_CODE


def _discard_output() -> None:
    """Point closed streams at the null device: the interpreter flushes them once more."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(null, stream.fileno())
    os.close(null)
