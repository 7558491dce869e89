"""The learner's notes as events: it only takes steps, and emits none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion.events import Event, Warned
from textual_inversion.training.learner import Learner
from textual_inversion.training.trainer import Ending


@dataclass(frozen=True)
class LearnerWarnings:
    """Passes the learner's notes on as warnings, each once."""

    learner: Learner

    def is_due(self, step: int, ending: Ending | None) -> bool:  # noqa: D102
        return bool(self.learner.notes)

    def run(self, step: int) -> Iterator[Event]:  # noqa: D102
        yield from map(Warned, self.learner.notes)
        self.learner.notes.clear()
