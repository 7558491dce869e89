"""The learner's warnings as events: it only takes steps, and emits none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion.events import Event, Warned
from textual_inversion.training.learner import Learner
from textual_inversion.training.trainer import Ending


@dataclass(frozen=True)
class LearnerWarnings:
    """Emits the learner's warnings, each once."""

    learner: Learner

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return bool(self.learner.warnings)

    def run(self, step: int) -> Iterator[Event]:
        yield from map(Warned, self.learner.warnings)
        self.learner.warnings.clear()
