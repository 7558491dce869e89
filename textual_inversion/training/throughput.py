"""Where a training's time goes, its pictures a second, and the memory it takes.

Time is read at marks: the time since the last mark is counted as the part that is named. On a
CPU a mark is a reading of the clock; on CUDA it is an event in the stream, read when the GPU has
passed it, so that nothing ever waits for it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import torch

from textual_inversion.devices.peak_memory import peak_mb
from textual_inversion.events import Event, Throughput
from textual_inversion.models.text_encoders import Conditioning
from textual_inversion.training.trainer import Chore, Ending

Part = Literal["data", "text", "unet", "previews", "other", "waiting"]
EVERY_SECONDS = 5.0


class ThroughputTimer:
    """Adds up the time between the marks of a run on a device; a step sees so many pictures."""

    def __init__(self, device: torch.device, *, pictures_per_step: int) -> None:
        self.device = device
        self.pictures_per_step = pictures_per_step
        self.start()

    def start(self) -> None:
        """Count from now on."""
        self.steps = 0
        self._seconds: dict[str, float] = {}
        self._marks: deque[tuple[str, Any]] = deque([("", self._moment())])
        self._began = time.perf_counter()

    def mark(self, part: Part) -> None:
        """Count the time since the last mark as `part`."""
        self._marks.append((part, self._moment()))
        if self.device.type != "cuda":
            self._add_up()

    def text_encoded(self, conditioning: Conditioning) -> None:
        """Mark the end of the text encoder's way there and, by the gradient, of the UNet's."""
        if not conditioning.hidden.requires_grad:
            return
        self.mark("text")
        conditioning.hidden.register_hook(lambda _: self.mark("unet"))

    def batches(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Time the making of batches; what came before the first one is not counted."""
        self.start()
        while True:
            # Whoever reads the events, and jobs that share the device, had their turn.
            self.mark("waiting")
            batch = next(batches)
            self.mark("data")
            yield batch

    def step_done(self) -> None:
        """Count a step; what followed the UNet's gradient was the text encoder's."""
        self.mark("text")
        self.steps += 1

    def report(self, step: int) -> Throughput:
        """Sum up the time since the last report, and begin anew."""
        self._add_up()
        passed = max(time.perf_counter() - self._began, 1e-9)
        total = sum(self._seconds.values()) or 1.0
        shares = {part: round(self._seconds.get(part, 0.0) / total, 3) for part in _SHOWN}
        pictures = self.steps * self.pictures_per_step
        self.steps, self._seconds, self._began = 0, {}, time.perf_counter()
        return Throughput(
            step,
            round(pictures / passed, 2),
            **shares,
            memory_mb=round(peak_mb(self.device) or 0),
            memory_of="GPU" if self.device.type == "cuda" else "process",
        )

    @property
    def is_due(self) -> bool:
        """Whether the last report is some seconds old."""
        return time.perf_counter() - self._began >= EVERY_SECONDS

    def _moment(self) -> Any:
        if self.device.type != "cuda":
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _add_up(self) -> None:
        while len(self._marks) > 1 and self._has_passed(self._marks[1][1]):
            _, began = self._marks.popleft()
            part, ended = self._marks[0]
            self._seconds[part] = self._seconds.get(part, 0.0) + _between(began, ended)

    def _has_passed(self, moment: Any) -> bool:
        return self.device.type != "cuda" or moment.query()


_SHOWN: tuple[Part, ...] = ("data", "text", "unet", "previews", "other")


@dataclass(frozen=True)
class TimedChore:
    """A chore whose time is counted as `part`."""

    chore: Chore
    timer: ThroughputTimer
    part: Part

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return self.chore.is_due(step, ending)

    def run(self, step: int) -> Iterator[Event]:
        """Time the chore, without a generator of its own around the chore's events."""
        self.timer.mark("waiting")
        return chain(self.chore.run(step), self._mark())

    def _mark(self) -> Iterator[Event]:
        self.timer.mark(self.part)
        yield from ()


@dataclass(frozen=True)
class ThroughputReport:
    """Reports every few seconds, and at every end, how the time went."""

    timer: ThroughputTimer

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return ending is not None or self.timer.is_due

    def run(self, step: int) -> Iterator[Event]:
        yield self.timer.report(step)


def _between(began: Any, ended: Any) -> float:
    return ended - began if isinstance(began, float) else began.elapsed_time(ended) / 1000
