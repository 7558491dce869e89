"""The course of a run once all is put together: what is owed first, then the loop, timed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual_inversion.assembly import Parts
from textual_inversion.chores import with_pace
from textual_inversion.control import Control
from textual_inversion.crew import Crew, CrewLearner
from textual_inversion.cutoff import Owed, make_up
from textual_inversion.data.batches import Batches
from textual_inversion.events import Event, Finished
from textual_inversion.learner import Learner
from textual_inversion.pace import Pace, PacedLearner
from textual_inversion.trainer import Chore, train as loop


@dataclass(frozen=True)
class Course:
    """What the loop runs with; `owed` is what a process that died left undone."""

    parts: Parts
    learner: Learner
    batches: Batches
    control: Control
    crew: Crew
    owed: Owed | None

    def run(self, chores: list[Chore]) -> Iterator[Event]:
        """Make up for what is owed, then take the steps that are left."""
        learner, settings = self.learner, self.parts.settings
        if self.owed and self.crew.is_first:
            yield from make_up(chores, learner.updates, self.owed)
        if self.owed and self.owed.ending:
            yield Finished(learner.updates, self.owed.ending)
            return
        seen = settings.batch_size * settings.gradient_accumulation_steps
        pace = Pace(self.parts.model.device, pictures_per_step=seen)
        learner.on_told = pace.told
        agreed = self.crew.agree(learner, self.control)
        batches = self.crew.share(self.batches.start_at(learner.updates))
        yield from loop(
            start=learner.updates,
            total=settings.max_steps,
            learner=PacedLearner(CrewLearner(learner, self.crew), pace),
            batches=pace.batches(batches),
            chores=with_pace(chores, pace),
            control=agreed,
        )
