"""What a run saves on the way: snapshots, checkpoints, the embedding itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.events import Event, Saved
from textual_inversion.runs.requests import Control, Request
from textual_inversion.training.checkpoint import write_checkpoint
from textual_inversion.training.chores.evaluation import Evaluator
from textual_inversion.training.chores.previews import Previews
from textual_inversion.training.context import RunContext, is_interval
from textual_inversion.training.trainer import Chore, Ending


@dataclass(frozen=True)
class Snapshots:
    """Saves copies of the vectors: embeddings/<name>-<step>.pt holds exactly `step` updates."""

    context: RunContext
    every: int

    def is_due(self, step: int, ending: Ending | None) -> bool:
        at_the_end = ending is not None and ending != "stopped"
        return self.every > 0 and (at_the_end or is_interval(step, self.every))

    def run(self, step: int) -> Iterator[Event]:
        embedding = self.context.embedding(step, snapshot=True)
        name = f"{self.context.name}-{step}{formats.extension_for(embedding)}"
        path = self.context.folder / "embeddings" / name
        formats.write(embedding, path)
        yield Saved(step, "snapshot", str(path))


@dataclass(frozen=True)
class Checkpoints:
    """Writes what exact resume needs, now and then and at every end."""

    context: RunContext
    every: int
    evaluator: Evaluator

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return ending is not None or is_interval(step, self.every)

    def run(self, step: int) -> Iterator[Event]:
        """Write a checkpoint, unless the vectors became NaN, which NaNGuard reports."""
        if not self.context.learner.is_finite:
            return
        state = {
            **self.context.learner.state(),
            "origin": list(self.context.origin),
            "evaluation": self.evaluator.state(),
        }
        limit = self.context.learner.settings.checkpoints_total_limit
        path = write_checkpoint(self.context.folder, self.context.name, state, limit=limit)
        yield Saved(step, "checkpoint", str(path))


@dataclass
class FinalSave:
    """Puts the trained embedding into the library when the run ends; knows when it last did."""

    context: RunContext
    library: Library
    saved_step: int

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return ending is not None

    def run(self, step: int) -> Iterator[Event]:
        """Save the embedding over its older version."""
        path = self.library.save(self.context.embedding(step, snapshot=False), overwrite=True)
        self.saved_step = step
        yield Saved(step, "embedding", str(path))


@dataclass
class OnRequest:
    """Runs chores, in their order and after one and the same step, when the user asks for them."""

    control: Control
    request: Request
    chores: tuple[Chore, ...]
    answered: int = 0

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Whether there is a new request; whoever stops does not wait for another picture."""
        return self.control.asked[self.request] > self.answered and ending != "stopped"

    def run(self, step: int) -> Iterator[Event]:
        """Run all of the chores once, however often it was asked."""
        self.answered = self.control.asked[self.request]
        return chain.from_iterable([chore.run(step) for chore in self.chores])


def with_requests(chores: list[Chore], control: Control) -> list[Chore]:
    """Run what saves, and what draws, between the steps on request as well."""
    saves = tuple(c for c in chores if isinstance(c, Checkpoints | Snapshots | FinalSave))
    draws = tuple(c for c in chores if isinstance(c, Previews))
    return [*chores, OnRequest(control, "save", saves), OnRequest(control, "sample", draws)]
