"""A job's events for people: a progress bar at a terminal, plain lines in a pipe or a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Self, TextIO

from commandline.progress import ProgressBar
from commandline.tables import is_terminal
from textual_inversion.errors import printable
from textual_inversion.events import (
    Event,
    Finished,
    Loading,
    Previewed,
    Progressed,
    Sampled,
    Saved,
    Started,
    Stepped,
    Warned,
)
from textual_inversion.runs.state import Run, now
from textual_inversion.runs.wording import best_words, duration, throughput_words

_EVERY_SECONDS = 10.0


class Printer:
    """Prints events; as a context manager it leaves the terminal as it was."""

    def __init__(self, out: TextIO | None = None, *, kind: str = "train") -> None:
        self.out = out or sys.stdout
        self.live = is_terminal(self.out)
        self.run = Run(kind=kind)
        self.last = -_EVERY_SECONDS
        self._bar: ProgressBar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_bar()

    def show(self, event: Event) -> None:
        """Print one event."""
        if isinstance(event, Started) and event.step:
            self.run.read_past(Path(event.folder))
        self.run.apply(event, now=now())
        match event:
            case Stepped() | Sampled() | Progressed():
                self._progress(event)
            case Warned(message=message):
                self._line(f"Note: {message}")
            case Loading(what=what) if not what.startswith("latents"):
                self._line(f"Loading {what} ...")
            case Saved(kind=kind, path=path) if kind in {"snapshot", "embedding"}:
                self._line(f"Saved {kind}: {path}")
            case _:
                self._news(event)

    def _news(self, event: Event) -> None:
        match event:
            case Started():
                self._line(_start_words(event, self.run))
            case Previewed(path=path):
                self._line(f"Preview: {path}")
            case Finished():
                self._close_bar()
                self._line(_end_words(event, self.run))
                if self.run.best_path:
                    self._line(f"Best: {best_words(self.run)}")
            case _:
                pass

    def _progress(self, event: Stepped | Sampled | Progressed) -> None:
        run, facts = self.run, _facts(event, self.run)
        if self.live:
            self._bar = self._bar or ProgressBar(self.out)
            self._bar.show(_noun(event, run), run.step, run.total, facts="  ".join(facts))
            return
        moment = now()
        if run.step == run.total or moment - self.last >= _EVERY_SECONDS:
            self.last = moment
            path = [event.path] if isinstance(event, Progressed) and event.path else []
            self._line("  ".join([f"{run.step}/{run.total}", *facts, *path]))

    def _close_bar(self) -> None:
        if self._bar:
            self._bar.close()
            self._bar = None

    def _line(self, text: str) -> None:
        if self._bar:
            self._bar.line(printable(text))
        else:
            self.out.write(f"{printable(text)}\n")
            self.out.flush()


def _noun(event: Stepped | Sampled | Progressed, run: Run) -> str:
    match event:
        case Stepped():
            return printable(run.name)
        case Sampled():
            return "sampling steps"
        case Progressed():
            return "pictures"


def _facts(event: Stepped | Sampled | Progressed, run: Run) -> list[str]:
    facts: list[str] = []
    if isinstance(event, Stepped) and run.losses:
        facts.append(f"loss {run.losses[-1][1]:.4f}")
    if run.steps_per_second:
        facts.append(f"{run.steps_per_second:.2f}/s")
    if run.throughput:
        facts += throughput_words(run.throughput)
    if run.seconds_left:
        facts.append(f"{duration(run.seconds_left)} left")
    return facts


def _start_words(event: Started, run: Run) -> str:
    """Describe what a job will do, and where its files go."""
    if run.kind == "preprocess":
        return f"{event.name}: {_counted(event.total, 'picture')}, to be written to {event.folder}"
    if run.kind in {"generate", "grid"}:
        steps = _counted(event.total, "sampling step")
        return f"{steps}; the pictures are written to {event.folder}"
    if run.kind == "evaluate":
        return f"{event.name}: {_counted(event.total, 'sampling step')}"
    computed = f", {event.compute}" if event.compute else ""
    return f"{event.name}: {event.step} of {event.total}, in {event.folder}{computed}"


def _end_words(event: Finished, run: Run) -> str:
    """Describe how a job ended and what it made."""
    ending = event.reason.capitalize()
    if run.kind == "preprocess":
        pictures = _counted(run.step, "picture", of=run.total)
        return f"{ending}: {pictures}, {_counted(run.num_files, 'file')} in {event.path}"
    if run.kind == "suggest":
        return f"{ending}: {_counted(event.step, 'word')}"
    if run.kind == "grid":
        return f"{ending}: {_counted(len(run.files), 'picture')}, together in {event.path}"
    if run.kind == "evaluate" and event.path:
        return f"{ending}: {_counted(len(run.files), 'picture')}, the report is {event.path}"
    if run.kind == "generate":
        if not run.files:
            return f"{ending} at {event.step} of {run.total} sampling steps; no picture was written"
        return f"{ending}: {_counted(len(run.files), 'picture')} in {event.path}"
    return f"{ending} at {event.step}" + (f": {event.path}" if event.path else "")


def _counted(number: int, noun: str, *, of: int | None = None) -> str:
    """Write "5 pictures", or "3 of 5 pictures" when not all were done."""
    count = f"{number} of {of}" if of is not None and of != number else f"{number}"
    return f"{count} {noun}{'' if (of or number) == 1 else 's'}"
