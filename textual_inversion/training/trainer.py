"""The loop. It sees the rest through two Protocols and stays on one screen."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

from textual_inversion.events import Event, Finished, Stepped
from textual_inversion.runs.requests import Control

Ending = Literal["finished", "converged", "stopped"]
# Reading a loss from a GPU waits for it; a few times a second is often enough.
_READ_EVERY_SECONDS = 0.25


class Learner(Protocol):
    """What learns: one update a step; `loss` is whatever `float()` can read.

    `prepare` comes before each step; what it yields is passed on, so that a learner that needs
    something from outside can let others go first.
    """

    @property
    def learning_rate(self) -> float: ...

    def prepare(self, batch: Any) -> Iterable[Event]: ...

    def step(self, batch: Any) -> Any: ...


class Chore(Protocol):
    """Something done now and then between steps: saving, a preview, an evaluation."""

    def is_due(self, step: int, ending: Ending | None) -> bool: ...

    def run(self, step: int) -> Iterator[Event]: ...


def train(
    *,
    start: int,
    total: int,
    learner: Learner,
    batches: Iterator[Any],
    chores: list[Chore],
    control: Control,
) -> Iterator[Event]:
    """Take steps from `start` to `total`, yield each as an event, and run what chores are due."""
    step, began = start, time.perf_counter()
    losses = LossReader()
    ending: Ending | None = None
    while ending is None:
        batch = next(batches)
        yield from learner.prepare(batch)
        losses.add(learner.step(batch))
        step += 1
        ending = "finished" if step >= total else _ending(control)
        loss = losses.read(now=ending is not None)
        seconds = time.perf_counter() - began
        yield Stepped(step, total, loss, learner.learning_rate, seconds, batch.caption)

        for chore in chores:
            ending = ending or _ending(control)
            if chore.is_due(step, ending):
                yield from chore.run(step)
    yield Finished(step, ending)


def _ending(control: Control) -> Ending | None:
    if control.stopping:
        return "stopped"
    return "converged" if control.converged else None


class LossReader:
    """Collects losses where they are and reads their mean a few times a second at most."""

    def __init__(self) -> None:
        self._pending: list[Any] = []
        self._last = 0.0

    def add(self, loss: Any) -> None:
        """Add a loss without reading it."""
        self._pending.append(loss)

    def read(self, *, now: bool) -> float | None:
        """Read the mean of the losses added; None when it is too early to wait for the GPU."""
        on_gpu = getattr(getattr(self._pending[-1], "device", None), "type", "cpu") != "cpu"
        if on_gpu and not now and time.perf_counter() - self._last < _READ_EVERY_SECONDS:
            return None
        mean = float(sum(self._pending) / len(self._pending))
        self._pending.clear()
        self._last = time.perf_counter()
        return mean
