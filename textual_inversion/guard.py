"""Watches the vectors: numbers that are none, and vectors that do not move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from textual_inversion.errors import TrainingError
from textual_inversion.events import Event, Warned
from textual_inversion.subject import Subject, is_time
from textual_inversion.trainer import Ending

# Looking at a GPU's vectors waits for it.
_EVERY_ON_GPU = 20
_MUST_MOVE_WITHIN = 20


@dataclass
class Guard:
    """Comes before every chore that saves, so that nothing broken is written over anything good.

    When the vectors are no numbers, the last good state is put back; then the run ends, or goes on
    at half the rate.
    """

    subject: Subject
    on_nan: Literal["stop", "halve"]
    _start: tuple[torch.Tensor, ...] = ()
    _good: dict[str, Any] = field(default_factory=dict)
    _first_step: int = 0

    def __post_init__(self) -> None:
        self._start = self.subject.learner.vectors
        self._good = self.subject.learner.state()
        self._first_step = self.subject.learner.updates

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Look at every step on a CPU, now and then on a GPU, and at every end."""
        on_cpu = self.subject.learner.model.device.type == "cpu"
        judged = step == self._first_step + _MUST_MOVE_WITHIN
        return on_cpu or judged or is_time(step, _EVERY_ON_GPU) or ending is not None

    def run(self, step: int) -> Iterator[Event]:
        """Look, and put right or complain."""
        learner = self.subject.learner
        if not learner.is_finite:
            yield from self._put_back(step)
            return
        self._good = learner.state()
        if step == self._first_step + _MUST_MOVE_WITHIN and self._stands_still():
            yield Warned(
                f"After {_MUST_MOVE_WITHIN} steps the vectors have not moved at all; check that "
                "the prompts name the embedding and that the learning rate is not far too low."
            )

    def _put_back(self, step: int) -> Iterator[Event]:
        learner = self.subject.learner
        learner.load_state(self._good)
        good = learner.updates
        if self.on_nan == "stop":
            raise TrainingError(
                f"At step {step} the vectors became numbers that are none (NaN), so step {good} "
                "was put back and saved; lower the learning rate or clip the gradient and go on."
            )
        learner.rate_factor /= 2
        # The numbers of the steps stay in order; what went wrong between is simply not learned.
        learner.updates = step
        yield Warned(
            f"At step {step} the vectors became numbers that are none (NaN); those of step "
            f"{good} were put back, and the learning rate is halved to {learner.next_rate:g}."
        )

    def _stands_still(self) -> bool:
        return all(
            torch.equal(old, new)
            for old, new in zip(self._start, self.subject.learner.vectors, strict=True)
        )
