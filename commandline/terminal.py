"""Progress for people at a terminal: one line that renews itself, and lines that stay."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

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
from textual_inversion.runs.state import Run, now, past_events
from textual_inversion.runs.wording import best_words, duration, throughput_words

_EVERY_SECONDS = 10.0


class Printer:
    """Prints events; on a terminal the progress line is rewritten in place."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stdout
        self.live = self.out.isatty()
        self.run = Run(kind="terminal")
        self.last = -_EVERY_SECONDS

    def show(self, event: Event) -> None:
        """Print one event."""
        if isinstance(event, Started) and event.step:
            for past in past_events(Path(event.folder)):
                self.run.apply(past)
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
            case Started(name=name, step=step, total=total, folder=folder, compute=compute):
                computed = f", {compute}" if compute else ""
                self._line(f"{name}: {step} of {total}, in {folder}{computed}")
            case Previewed(path=path):
                self._line(f"Preview: {path}")
            case Finished(step=step, reason=reason, path=path):
                self._line(f"{reason.capitalize()} at {step}: {path}")
                if self.run.best_path:
                    self._line(f"Best: {best_words(self.run)}")
            case _:
                pass

    def _progress(self, event: Stepped | Sampled | Progressed) -> None:
        run, moment = self.run, now()
        ends = run.step == run.total
        if not (self.live or ends or moment - self.last >= _EVERY_SECONDS):
            return
        self.last = moment
        parts = [f"{run.step}/{run.total}"]
        if isinstance(event, Stepped) and run.losses:
            parts.append(f"loss {run.losses[-1][1]:.4f}")
        if run.steps_per_second:
            parts.append(f"{run.steps_per_second:.2f}/s")
        if run.throughput:
            parts += throughput_words(run.throughput)
        if run.seconds_left is not None:
            parts.append(f"{duration(run.seconds_left)} left")
        if isinstance(event, Progressed) and event.path:
            parts.append(event.path)
        text = "  ".join(parts)
        if self.live and not ends:
            self.out.write(f"\r\x1b[K{text}")
            self.out.flush()
        else:
            self._line(text)

    def _line(self, text: str) -> None:
        self.out.write(f"\r\x1b[K{text}\n" if self.live else f"{text}\n")
        self.out.flush()
