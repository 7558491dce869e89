"""Watches the vectors: NaN, and vectors that do not move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import torch

from textual_inversion.errors import TrainingError
from textual_inversion.events import Event, Warned
from textual_inversion.training.context import RunContext, is_interval
from textual_inversion.training.trainer import Ending

# Looking at a GPU's vectors waits for it.
_EVERY_ON_GPU = 20
_MUST_MOVE_WITHIN = 20
# A rate that is still too high at a 64th is not one to go on halving.
_MOST_HALVINGS = 6


@dataclass
class NaNGuard:
    """Comes before every chore that saves, so that no NaN is written over a good file.

    When the vectors become NaN, the last good state is put back; then the run ends, or goes on at
    half the rate, and ends when halving does not help either.
    """

    context: RunContext
    on_nan: Literal["stop", "halve"]
    _start: tuple[torch.Tensor, ...] = ()
    # Finite vectors may be far too large already: a state is good once a step from it was finite.
    _good: dict[str, Any] = field(default_factory=dict)
    _latest: dict[str, Any] = field(default_factory=dict)
    _first_step: int = 0
    _has_halved: bool = False
    _ending: Ending | None = None

    def __post_init__(self) -> None:
        self._start = self.context.learner.vectors
        self._good = self._latest = self.context.learner.state()
        self._first_step = self.context.learner.updates

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Look at every step on a CPU, now and then on a GPU, and at every end."""
        self._ending = ending
        on_cpu = self.context.learner.model.device.type == "cpu"
        judged = step == self._first_step + _MUST_MOVE_WITHIN
        return on_cpu or judged or is_interval(step, _EVERY_ON_GPU) or ending is not None

    def run(self, step: int) -> Iterator[Event]:
        """Return to the last good vectors where they became NaN; warn where they never moved."""
        learner = self.context.learner
        if learner.is_finite:
            self._good, self._latest = self._latest, learner.state()
        else:
            yield self._put_back(step)
        if self._has_halved:
            yield from self._check_end()
        elif step == self._first_step + _MUST_MOVE_WITHIN and self._stands_still():
            yield Warned(
                f"After {_MUST_MOVE_WITHIN} steps the vectors have not moved at all; check that "
                "the prompts name the embedding and that the learning rate is not far too low."
            )

    def _put_back(self, step: int) -> Warned:
        learner, factor = self.context.learner, self.context.learner.rate_factor
        learner.put_back(self._good)
        self._latest, good = self._good, learner.updates
        if self.on_nan == "stop":
            raise TrainingError(
                f"At step {step} the vectors became NaN; {self._saved()}; lower the learning rate "
                "or clip the gradient, and train again."
            )
        if factor <= 0.5**_MOST_HALVINGS:
            raise TrainingError(
                f"At step {step} the vectors became NaN although the learning rate was halved "
                f"{_MOST_HALVINGS} times, to {learner.next_rate:g}; {self._saved()}; choose a much "
                "lower learning rate, and train again."
            )
        learner.halve_rate()
        self._has_halved = True
        # The numbers of the steps stay in order; what went wrong between is simply not learned.
        learner.renumber(step)
        return Warned(
            f"At step {step} the vectors became NaN; those of step {good} were put back, and the "
            f"learning rate is halved to {learner.next_rate:g}."
        )

    def _check_end(self) -> list[Warned]:
        """Warn, or fail, at the end of a run when all that was learned had to be put back."""
        if self._ending is None or not self._stands_still():
            return []
        problem = (
            "Nothing was learned: each time the vectors became NaN and the first were put back"
        )
        if self._ending == "stopped":
            return [Warned(f"{problem}; choose a much lower learning rate.")]
        # Steps that taught nothing do not count, and nothing is saved for them.
        self.context.learner.renumber(self._first_step)
        raise TrainingError(f"{problem}; choose a much lower learning rate, and train again.")

    def _saved(self) -> str:
        if self._stands_still():
            return "nothing was learned, and the embedding is as it was before"
        return f"those of step {self.context.learner.updates} were put back and saved"

    def _stands_still(self) -> bool:
        return all(
            torch.equal(old, new)
            for old, new in zip(self._start, self.context.learner.vectors, strict=True)
        )
