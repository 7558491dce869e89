"""The loop. It sees the rest through two Protocols and stays on one screen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Literal, Protocol

from textual_inversion.events import Event, Finished, Stepped
from textual_inversion.runs.requests import Control

Ending = Literal["finished", "converged", "stopped"]
# Reading a loss from a GPU waits for it; a few times a second is often enough.
_READ_EVERY_SECONDS = 0.25


class Learner(Protocol):
    """What learns: one update a step; `loss` is whatever `float()` can read."""

    @property
    def learning_rate(self) -> float: ...  # noqa: D102

    def step(self, batch: Any) -> Any: ...  # noqa: D102


class Chore(Protocol):
    """Something made now and then: a file, a picture, an evaluation."""

    def is_due(self, step: int, ending: Ending | None) -> bool: ...  # noqa: D102

    def run(self, step: int) -> Iterator[Event]: ...  # noqa: D102


def train(
    *,
    start: int,
    total: int,
    learner: Learner,
    batches: Iterator[Any],
    chores: list[Chore],
    control: Control,
) -> Iterator[Event]:
    """Take steps from `start` to `total`, say each one, and run the chores that are due."""
    step, began = start, time.perf_counter()
    losses = LossReader()
    ending: Ending | None = None
    while ending is None:
        batch = next(batches)
        losses.add(learner.step(batch))
        step += 1
        ending = "finished" if step >= total else _asked(control)
        loss = losses.read(now=ending is not None)
        seconds = time.perf_counter() - began
        yield Stepped(step, total, loss, learner.learning_rate, seconds, batch.caption)

        for chore in chores:
            ending = ending or _asked(control)
            if chore.is_due(step, ending):
                yield from chore.run(step)
    yield Finished(step, ending)


def _asked(control: Control) -> Ending | None:
    if control.stopping:
        return "stopped"
    return "converged" if control.converged else None


class LossReader:
    """Collects losses where they are and reads their mean a few times a second at most."""

    def __init__(self) -> None:
        self._pending: list[Any] = []
        self._last = 0.0

    def add(self, loss: Any) -> None:
        """Keep a loss, unread."""
        self._pending.append(loss)

    def read(self, *, now: bool) -> float | None:
        """Read the mean of what was kept, or give None when it is too early for a wait."""
        on_gpu = getattr(getattr(self._pending[-1], "device", None), "type", "cpu") != "cpu"
        if on_gpu and not now and time.perf_counter() - self._last < _READ_EVERY_SECONDS:
            return None
        mean = float(sum(self._pending) / len(self._pending))
        self._pending.clear()
        self._last = time.perf_counter()
        return mean
