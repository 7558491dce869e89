"""Says what the learner has to say: it only takes steps, and a run speaks in events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion.events import Event, Warned
from textual_inversion.training.learner import Learner
from textual_inversion.training.trainer import Ending


@dataclass(frozen=True)
class LearnerWarnings:
    """Passes the learner's notes on, each once."""

    learner: Learner

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether there are any."""
        return bool(self.learner.notes)

    def run(self, step: int) -> Iterator[Event]:
        """Say them."""
        yield from map(Warned, self.learner.notes)
        self.learner.notes.clear()
