"""What the chores work on: a learner, its word, and the run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import TrainingError
from textual_inversion.training.learner import Learner
from textual_inversion.training.trainer import Ending


@dataclass(frozen=True)
class RunContext:
    """A learner with the name of its word, the folder of its run, and the vectors it began with."""

    learner: Learner
    name: str
    folder: Path
    origin: tuple[torch.Tensor, ...]
    initialization_text: str | None = None

    def embedding(self, step: int, *, snapshot: bool) -> Embedding:
        """Make an embedding of the present vectors; a snapshot's name carries the step.

        Raises:
            TrainingError: The vectors became NaN or infinite.
        """
        if not self.learner.is_finite:
            raise TrainingError(
                f"After step {step} the vectors are no longer finite numbers; nothing was saved "
                "over the last good file. Lower the learning rate and train on."
            )
        model = self.learner.model
        return Embedding(
            name=f"{self.name}-{step}" if snapshot else self.name,
            vectors=self.learner.vectors,
            step=step,
            base_model=model.info.name,
            base_model_hash=model.hash,
            initialization_text=self.initialization_text,
        )


def is_interval(step: int, every: int) -> bool:
    """Whether an interval is full; an interval of 0 never is."""
    return every > 0 and step % every == 0


def is_interval_or_end(step: int, every: int, ending: Ending | None) -> bool:
    """Whether an interval is full or the training ends; with an interval of 0 never."""
    return every > 0 and (ending is not None or is_interval(step, every))
