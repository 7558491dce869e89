"""A job at the terminal: its events printed, signals as requests to stop."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TextIO

from commandline.interrupts import on_interrupt, stopped_code
from commandline.terminal import Printer
from textual_inversion.events import Event, Finished, to_dict
from textual_inversion.runs.requests import Control


def follow(events: Iterator[Event], *, kind: str, as_json: bool, out: TextIO | None = None) -> int:
    """Print the events as they come, by default to stdout.

    Returns the exit code, 130 or 75 for a job that was stopped.
    """
    code = 0
    # Closing the generator is what makes a run save when printing fails.
    with Printer(out, kind=kind) as printer, closing(events):  # pyright: ignore[reportArgumentType]
        for event in events:
            if as_json:
                print(json.dumps(to_dict(event)), file=out, flush=True)
            else:
                printer.show(event)
            if isinstance(event, Finished) and event.reason == "stopped":
                code = stopped_code()
    return code


def interruptible(said: str = "Stopping after this step, then saving ...") -> Control:
    """Return a control that Ctrl+C, SIGTERM or SIGUSR1 stops; a second one ends the process.

    `said` is what the first one answers.
    """
    control = Control()

    def ask() -> None:
        print(said, file=sys.stderr)
        control.stop.set()

    on_interrupt(ask)
    return control
