"""Many runs at the terminal: what begins and ends, and every few seconds how far all are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, TextIO

from commandline.interrupts import stopped_code
from textual_inversion.errors import printable
from textual_inversion.events import (
    Event,
    Failed,
    Finished,
    Loading,
    Started,
    Stepped,
    Warned,
    to_dict,
)
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import now

if TYPE_CHECKING:
    from textual_inversion.sweeps.batch import RunEvent

_EVERY_SECONDS = 10.0


def follow_runs(events: Iterator[RunEvent], control: Control, *, out: TextIO, as_json: bool) -> int:
    """Print the events as they come; return the exit code, 1 when a run failed."""
    printer = RunsPrinter(out)
    # Closing the generator is what makes the runs save when printing fails.
    with closing(events):  # pyright: ignore[reportArgumentType]
        for each in events:
            if as_json:
                out.write(json.dumps({"run": each.run, **to_dict(each.event)}) + "\n")
                out.flush()
            printer.note(each.run, each.event, silent=as_json)
    if control.stopping:
        return stopped_code()
    return 1 if printer.num_failed else 0


class RunsPrinter:
    """Prints lines, and counts the runs that ended."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.num_ended = 0
        self.num_failed = 0
        self._steps: dict[str, tuple[int, int]] = {}
        self._said: set[str] = set()
        self._last = now()

    def note(self, run: str, event: Event, *, silent: bool) -> None:
        """Take notice of one event, and print what is worth a line."""
        match event:
            case Stepped():
                self._steps[run] = (event.step, event.total)
            case Finished() | Failed():
                self._steps.pop(run, None)
                self.num_ended += 1
                self.num_failed += isinstance(event, Failed)
            case _:
                pass
        line = self._line(run, event)
        if line and not silent:
            self.out.write(f"{printable(line)}\n")
            self.out.flush()

    def _line(self, run: str, event: Event) -> str:
        match event:
            case Warned(message=message):
                # Runs of equal settings have the same to say.
                is_new = message not in self._said
                self._said.add(message)
                return f"Note: {message}" if is_new else ""
            case Loading(what=what) if not run:
                return f"Loading {what} ..."
            case Started():
                return f"{run}: {event.step} of {event.total}, in {event.folder}"
            case Finished():
                return f"{run}: {event.reason} at {event.step}"
            case Failed():
                return f"{run}: failed at {event.step}: {event.message}"
            case Stepped():
                return self._progress()
            case _:
                return ""

    def _progress(self) -> str:
        moment = now()
        if moment - self._last < _EVERY_SECONDS:
            return ""
        self._last = moment
        done = sum(step for step, _ in self._steps.values())
        total = sum(total for _, total in self._steps.values())
        running = "1 run" if len(self._steps) == 1 else f"{len(self._steps)} runs"
        return f"{running} at {done} of {total} steps together, {self.num_ended} ended"
