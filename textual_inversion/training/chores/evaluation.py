"""The loss of a fixed batch: always the same pictures, prompts, noise and timesteps.

The training loss jumps with its random timesteps; this one shows progress. It is reported in three
bands: early timesteps decide the layout, late ones the detail.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from textual_inversion.data.batches import Batch
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.events import Converged, Evaluated, Event, Saved, Warned
from textual_inversion.runs.requests import Control
from textual_inversion.training.context import RunContext, is_interval, is_interval_or_end
from textual_inversion.training.optimization import losses
from textual_inversion.training.optimization.convergence import Evaluation, has_converged
from textual_inversion.training.trainer import Ending


@dataclass(frozen=True)
class Convergence:
    """When to call a run converged, and whether to end it then."""

    window_steps: int
    threshold: float
    ends_run: bool


@dataclass
class Evaluator:
    """Evaluates the fixed batch every so often, keeps the best vectors, and detects convergence."""

    context: RunContext
    every: int
    batch: Batch
    at_once: int
    convergence: Convergence
    control: Control
    history: list[Evaluation] = field(default_factory=list)
    best: tuple[int, float, tuple[torch.Tensor, ...]] | None = None
    has_converged: bool = False
    _written: int = -1

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return is_interval_or_end(step, self.every, ending)

    def run(self, step: int) -> Iterator[Event]:
        """Compute the loss, keep the best vectors, look for convergence."""
        parts = self._losses()
        mean = sum(parts) / len(parts)
        rate = self.context.learner.learning_rate
        self.history.append(Evaluation(step, mean, rate))
        early, middle, late = _bands(parts)
        yield Evaluated(step, mean, early, middle, late)
        if self.best is None or mean < self.best[1]:
            self.best = (step, mean, self.context.learner.vectors)
        rule = self.convergence
        if self.has_converged or not has_converged(
            self.history, window_steps=rule.window_steps, threshold=rule.threshold
        ):
            return
        self.has_converged = True
        if rule.ends_run:
            self.control.converged = True
        yield Converged(step)
        advice = "the run ends here" if rule.ends_run else "going on will change little"
        yield Warned(
            f"Converged at step {step}: the loss of the fixed batch moves no more; {advice}."
        )

    def state(self) -> dict[str, Any]:
        """Collect what a checkpoint holds of it."""
        return {
            "history": [[r.step, r.loss, r.learning_rate] for r in self.history],
            "best": [self.best[0], self.best[1], list(self.best[2])] if self.best else None,
            "has_converged": self.has_converged,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from what `state` collected."""
        self.history = [Evaluation(int(s), float(x), float(r)) for s, x, r in state["history"]]
        if state["best"]:
            step, loss, vectors = state["best"]
            self.best = (int(step), float(loss), tuple(vectors))
        self.has_converged = bool(state["has_converged"])

    def write_best(self) -> Iterator[Event]:
        """Write the best vectors so far as embeddings/<name>-best, if they are new."""
        if self.best is None or self.best[0] == self._written:
            return
        step, _, vectors = self.best
        context = self.context
        model = context.learner.model
        name = f"{context.name}-best"
        best = Embedding(name, vectors, step, model.info.name, model.hash)
        path = context.folder / "embeddings" / f"{name}{formats.extension_for(best)}"
        formats.write(best, path)
        self._written = step
        yield Saved(step, "best", str(path))

    @torch.no_grad()
    def _losses(self) -> list[float]:
        """Compute the loss of each timestep, from the least noise to the most."""
        parts = self.batch.split(self.at_once)
        with self.context.learner.as_saved():
            return [loss for part in parts for loss in self._losses_of(part)]

    def _losses_of(self, part: Batch) -> list[float]:
        errors = losses.squared(*self.context.learner.predict(part))
        if part.weights is not None:
            errors = errors * part.weights.to(errors.device)
        return errors.flatten(1).mean(1).tolist()


@dataclass(frozen=True)
class BestCheckpoint:
    """Writes the evaluator's best vectors at the snapshots' intervals and at every end."""

    evaluator: Evaluator
    every: int

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return ending is not None or is_interval(step, self.every)

    def run(self, step: int) -> Iterator[Event]:
        return self.evaluator.write_best()


def _bands(parts: list[float]) -> tuple[float, float, float]:
    """Average the most, medium and least noisy timesteps: layout, shapes, detail."""
    late, middle, early = parts[:3], parts[3:5], parts[5:]
    return sum(early) / len(early), sum(middle) / len(middle), sum(late) / len(late)
