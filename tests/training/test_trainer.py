from dataclasses import dataclass, field
from itertools import pairwise, repeat
from types import SimpleNamespace

import pytest

from textual_inversion.events import Finished, Saved, Stepped
from textual_inversion.runs.requests import Control
from textual_inversion.training.trainer import train

BATCH = SimpleNamespace(caption="a photo")


@dataclass
class FakeLearner:
    learning_rate: float = 0.1
    taken: int = 0
    on_step: object = None

    def prepare(self, batch):
        return ()

    def step(self, batch):
        self.taken += 1
        if self.on_step:
            self.on_step(self.taken)
        return self.taken / 10


@dataclass
class FakeChore:
    every: int = 2
    runs: list = field(default_factory=list)

    def is_due(self, step, ending):
        return step % self.every == 0 or ending is not None

    def run(self, step):
        self.runs.append(step)
        yield Saved(step, "thing", "")


def run(learner, *, start=0, total=3, chores=(), control=None):
    events = train(
        start=start,
        total=total,
        learner=learner,
        batches=repeat(BATCH),
        chores=list(chores),
        control=control or Control(),
    )
    return [
        e.__class__(**{**e.__dict__, "seconds": 0}) if isinstance(e, Stepped) else e for e in events
    ]


def test_every_step_and_chore_is_said_in_order():
    assert run(FakeLearner(), chores=[FakeChore()]) == [
        Stepped(1, 3, 0.1, 0.1, 0, "a photo"),
        Stepped(2, 3, 0.2, 0.1, 0, "a photo"),
        Saved(2, "thing", ""),
        Stepped(3, 3, 0.3, 0.1, 0, "a photo"),
        Saved(3, "thing", ""),
        Finished(3, "finished"),
    ]


def test_a_resumed_run_takes_only_the_steps_that_are_left():
    learner = FakeLearner()
    assert run(learner, start=5, total=7)[-1] == Finished(7, "finished")
    assert learner.taken == 2


def test_a_stop_is_answered_within_its_step_and_saves():
    control, chore = Control(), FakeChore(every=100)
    learner = FakeLearner(on_step=lambda step: control.stop.set() if step == 2 else None)
    events = run(learner, total=50, chores=[chore], control=control)
    assert events[-2:] == [Saved(2, "thing", ""), Finished(2, "stopped")]
    assert (learner.taken, chore.runs) == (2, [2])


def test_a_converged_run_ends_with_its_step_and_says_so():
    class Converging(FakeChore):
        def run(self, step):
            yield from super().run(step)
            control.converged = True

    control = Control()
    events = run(FakeLearner(), total=50, chores=[Converging(every=4)], control=control)
    assert events[-1] == Finished(5, "converged")


def test_a_stop_while_the_event_is_read_is_answered_too():
    control, chore = Control(), FakeChore(every=100)
    events = []
    for event in train(
        start=0,
        total=50,
        learner=FakeLearner(),
        batches=repeat(BATCH),
        chores=[chore],
        control=control,
    ):
        events.append(event)
        control.stop.set()
    assert (chore.runs, events[-1]) == ([1], Finished(1, "stopped"))


class Gpu(float):
    device = SimpleNamespace(type="cuda")


def test_losses_on_a_gpu_are_read_seldom_and_lose_nothing():
    learner = FakeLearner()
    step = learner.step
    learner.step = lambda batch: Gpu(step(batch))
    losses = [event.loss for event in run(learner, total=100) if isinstance(event, Stepped)]
    read = [step for step, loss in enumerate(losses, start=1) if loss is not None]
    assert len(read) < 10
    assert read[-1] == 100
    # Each reading is the mean of all losses since the one before; the step's is a tenth of it.
    for before, step in pairwise([0, *read]):
        mean = sum(range(before + 1, step + 1)) / (step - before) / 10
        assert losses[step - 1] == pytest.approx(mean)
