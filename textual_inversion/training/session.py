"""The steps of a run once its parts are made: pending chores first, then the loop, timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from textual_inversion.data.batches import Batches
from textual_inversion.events import Event, Finished
from textual_inversion.runs.requests import Control
from textual_inversion.training.build import Components, make_learner
from textual_inversion.training.checkpoint import Checkpoint
from textual_inversion.training.chores.timing import with_timer
from textual_inversion.training.distributed import GradientSync, ProcessGroup
from textual_inversion.training.hooks import Hooks
from textual_inversion.training.learner import Learner
from textual_inversion.training.recovery import PendingChores, run_pending
from textual_inversion.training.throughput import ThroughputTimer
from textual_inversion.training.trainer import Chore, Learner as Stepper, train as loop

Sharing = Callable[[Learner], Stepper]
"""Makes what the loop calls in a learner's place, where runs share their passes."""


@dataclass(frozen=True)
class Session:
    """What the loop runs with; `pending` is what a process that died left undone.

    `stepper` is what the loop calls, the learner or what stands for it.
    `control` holds the requests to this process, `agreed` those that all processes know of.
    """

    parts: Components
    learner: Learner
    stepper: Stepper
    timer: ThroughputTimer
    batches: Batches
    control: Control
    agreed: Control
    group: ProcessGroup
    pending: PendingChores | None

    def events(self, chores: list[Chore]) -> Iterator[Event]:
        """Run the pending chores, then take the steps that are left; all as it is iterated."""
        updates, pending = self.learner.updates, self.pending
        if pending is None:
            return self._steps(chores)
        made_up = run_pending(chores, updates, pending) if self.group.is_first else iter(())
        if pending.ending:
            return chain(made_up, [Finished(updates, pending.ending)])
        return chain(made_up, self._steps(chores))

    def _steps(self, chores: list[Chore]) -> Iterator[Event]:
        updates = self.learner.updates
        return loop(
            start=updates,
            total=self.parts.settings.max_steps,
            learner=self.stepper,
            batches=self.timer.batches(self.group.shard(self.batches.start_at(updates))),
            chores=with_timer(chores, self.timer),
            control=self.agreed,
        )


def make_session(
    parts: Components,
    batches: Batches,
    control: Control,
    group: ProcessGroup,
    *,
    start: int,
    checkpoint: Checkpoint | None,
    pending: PendingChores | None,
    sharing: Sharing | None,
) -> Session:
    """Make the timer and the processes' agreement first, then the learner that calls them."""
    timer = ThroughputTimer(parts.model.device, pictures_per_step=parts.pictures_per_step)
    hooks = Hooks(
        timer.text_encoded,
        on_updated=timer.step_done,
        on_turn=lambda: timer.mark("waiting"),
    )
    agreed = control
    if group.size > 1:
        sync = GradientSync(control)
        hooks, agreed = replace(hooks, on_gradients=sync.average), sync.agreed
    learner = make_learner(parts, start, checkpoint, hooks)
    stepper = sharing(learner) if sharing else learner
    return Session(parts, learner, stepper, timer, batches, control, agreed, group, pending)
