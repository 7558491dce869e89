"""The steps of a run once all is put together: pending chores first, then the loop, timed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion.data.batches import Batches
from textual_inversion.events import Event, Finished
from textual_inversion.runs.requests import Control
from textual_inversion.training.build import Components
from textual_inversion.training.chores.timing import with_timer
from textual_inversion.training.distributed import DistributedLearner, ProcessGroup
from textual_inversion.training.learner import Learner
from textual_inversion.training.recovery import PendingChores, run_pending
from textual_inversion.training.throughput import ThroughputTimer, TimedLearner
from textual_inversion.training.trainer import Chore, train as loop


@dataclass(frozen=True)
class Session:
    """What the loop runs with; `pending` is what a process that died left undone."""

    parts: Components
    learner: Learner
    batches: Batches
    control: Control
    group: ProcessGroup
    pending: PendingChores | None

    def run(self, chores: list[Chore]) -> Iterator[Event]:
        """Run the pending chores, then take the steps that are left."""
        learner, settings = self.learner, self.parts.settings
        if self.pending and self.group.is_first:
            yield from run_pending(chores, learner.updates, self.pending)
        if self.pending and self.pending.ending:
            yield Finished(learner.updates, self.pending.ending)
            return
        seen = settings.batch_size * settings.gradient_accumulation_steps
        timer = ThroughputTimer(self.parts.model.device, pictures_per_step=seen)
        learner.on_text_encoded = timer.text_encoded
        agreed = self.group.sync_stop(learner, self.control)
        batches = self.group.shard(self.batches.start_at(learner.updates))
        yield from loop(
            start=learner.updates,
            total=settings.max_steps,
            learner=TimedLearner(DistributedLearner(learner, self.group), timer),
            batches=timer.batches(batches),
            chores=with_timer(chores, timer),
            control=agreed,
        )
