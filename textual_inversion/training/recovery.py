"""What a killed process left undone at its last checkpoint, so that no file is missing later.

At a step the checkpoint comes first, then snapshots, the embedding and pictures. A process that
was killed among those has taken the step, and will not take it again; the chores that were due
are run when the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion.events import Event
from textual_inversion.runs.state import read_run
from textual_inversion.settings import TrainSettings
from textual_inversion.training.checkpoint import Checkpoint
from textual_inversion.training.chores.saving import Checkpoints
from textual_inversion.training.trainer import Chore, Ending


@dataclass(frozen=True)
class PendingChores:
    """The chores of the checkpoint's step are still to run; `ending` if the run was at its end."""

    ending: Ending | None


def find_pending(checkpoint: Checkpoint, settings: TrainSettings) -> PendingChores | None:
    """Read which chores are pending; None when the run was not killed."""
    if not (checkpoint.run_folder / "events.jsonl").is_file():
        return None
    past = read_run(checkpoint.run_folder)
    if past.state != "killed":
        return None
    if checkpoint.updates >= settings.max_steps:
        return PendingChores("finished")
    if settings.stop_when_converged and past.converged_step == checkpoint.updates:
        return PendingChores("converged")
    return PendingChores(None)


def run_pending(chores: list[Chore], step: int, pending: PendingChores) -> Iterator[Event]:
    """Run the chores after the checkpoint that were due at its step."""
    after = next(
        index for index, chore in enumerate(chores, start=1) if isinstance(chore, Checkpoints)
    )
    for chore in chores[after:]:
        if chore.is_due(step, pending.ending):
            yield from chore.run(step)
