"""What a run makes on the way: snapshots, checkpoints, the embedding itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion import files
from textual_inversion.checkpoint import write_checkpoint
from textual_inversion.control import Control, Wish
from textual_inversion.evaluation import Evaluator
from textual_inversion.events import Event, Saved
from textual_inversion.library import Library
from textual_inversion.pace import Pace, PacedChore, PaceNews
from textual_inversion.previews import Previews
from textual_inversion.subject import Subject, is_time
from textual_inversion.trainer import Chore, Ending


@dataclass(frozen=True)
class Snapshots:
    """Keeps copies of the vectors: embeddings/<name>-<step>.pt holds exactly `step` updates."""

    subject: Subject
    every: int

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the interval is full, or the run is done."""
        at_the_end = ending is not None and ending != "stopped"
        return self.every > 0 and (at_the_end or is_time(step, self.every))

    def run(self, step: int) -> Iterator[Event]:
        """Write one copy."""
        embedding = self.subject.embedding(step, snapshot=True)
        name = f"{self.subject.name}-{step}{files.extension_for(embedding)}"
        path = self.subject.folder / "embeddings" / name
        files.write(embedding, path)
        yield Saved(step, "snapshot", str(path))


@dataclass(frozen=True)
class Checkpoints:
    """Writes what exact resume needs, now and then and at every end."""

    subject: Subject
    every: int
    evaluator: Evaluator

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the interval is full or the run ends."""
        return ending is not None or is_time(step, self.every)

    def run(self, step: int) -> Iterator[Event]:
        """Write a checkpoint; broken vectors are the guard's to tell, and never kept."""
        if not self.subject.learner.is_finite:
            return
        state = {
            **self.subject.learner.state(),
            "origin": list(self.subject.origin),
            "evaluation": self.evaluator.state(),
        }
        limit = self.subject.learner.settings.checkpoints_total_limit
        path = write_checkpoint(self.subject.folder, self.subject.name, state, limit=limit)
        yield Saved(step, "checkpoint", str(path))


@dataclass(frozen=True)
class FinalSave:
    """Puts the trained embedding in its place in the library when the run ends."""

    subject: Subject
    library: Library

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether the run ends."""
        return ending is not None

    def run(self, step: int) -> Iterator[Event]:
        """Save the embedding over its older self."""
        path = self.library.save(self.subject.embedding(step, snapshot=False), overwrite=True)
        yield Saved(step, "embedding", str(path))


@dataclass
class Asked:
    """Runs chores, in their order and after one and the same step, when the user asks for them."""

    control: Control
    wish: Wish
    chores: tuple[Chore, ...]
    answered: int = 0

    def is_due(self, step: int, ending: Ending | None) -> bool:
        """Tell whether there is a wish; whoever stops does not wait for another picture."""
        return self.control.asked[self.wish] > self.answered and ending != "stopped"

    def run(self, step: int) -> Iterator[Event]:
        """Do what was asked, however often it was."""
        self.answered = self.control.asked[self.wish]
        for chore in self.chores:
            yield from chore.run(step)


def with_wishes(chores: list[Chore], control: Control) -> list[Chore]:
    """Let what saves and what draws be asked for between the steps as well."""
    saves = tuple(c for c in chores if isinstance(c, Checkpoints | Snapshots | FinalSave))
    draws = tuple(c for c in chores if isinstance(c, Previews))
    return [*chores, Asked(control, "save", saves), Asked(control, "sample", draws)]


def with_pace(chores: list[Chore], pace: Pace) -> list[Chore]:
    """Let the time of chores be counted, and be told when all of them are done."""
    return [
        *(PacedChore(c, pace, "previews" if _draws(c) else "other") for c in chores),
        PaceNews(pace),
    ]


def _draws(chore: Chore) -> bool:
    return isinstance(chore, Previews) or (isinstance(chore, Asked) and chore.wish == "sample")
