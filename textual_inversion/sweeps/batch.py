"""Many trainings in one batch: each is an ordinary run, but their passes are shared.

Every run is the generator that trains it alone, stopped before each step until all of the batch
are there; then one pass computes the gradients of all. A run that ends makes room for one that
waits, and an error ends only the run in which it occurs.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from textual_inversion.devices.determinism import DeterministicKernels
from textual_inversion.errors import TextualInversionError
from textual_inversion.events import (
    Evaluated,
    Event,
    Failed,
    Loading,
    Started,
    Stepped,
    Waiting,
)
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.models.opening import load_options, open_model
from textual_inversion.runs.requests import Control, LinkedControl
from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.halving import reading_step
from textual_inversion.sweeps.shared_pass import SharedLearner, SharedPass
from textual_inversion.training.learner import Learner
from textual_inversion.training.run import memory_saved, train

logger = logging.getLogger(__name__)


Result = TypeVar("Result")


@dataclass(frozen=True)
class RunEvent:
    """An event of one of the runs, by the name of its embedding; "" is all of them."""

    run: str
    event: Event


def train_together(
    runs: Iterable[TrainSettings],
    control: Control,
    *,
    at_once: int,
    before: Callable[[TrainSettings], object] = lambda _: None,
    until: int | None = None,
) -> Iterator[RunEvent]:
    """Train runs that can share a pass, at most `at_once` at a time, the others after them.

    All must agree in what `settings.comparison.many_runs.pass_fields` lists. A stop ends all of
    them, and they save; one that is asked for in the folder of a run ends that one. `before` is
    called when a run's turn has come; when it raises, that run has failed. With `until` each run
    stops and saves when its fixed batch is measured at that step or next after it.

    Raises:
        TextualInversionError: The base model cannot be opened, or has no memory for a single run.
    """
    waiting = deque(runs)
    if not waiting:
        return
    settings = waiting[0]
    yield RunEvent("", Loading("base model"))
    info = yield from _of_all(fetch_for_job(settings.model, control))
    model = open_model(info, load_options(settings))
    kernels, shared = DeterministicKernels(), SharedPass()
    active: list[_Run] = []
    with memory_saved(settings, model):
        try:
            while (waiting and not control.stopping) or active:
                while waiting and len(active) < at_once and not control.stopping:
                    active.append(_Run(waiting.popleft(), control, before, until))
                    yield from active[-1].advance()
                active = [run for run in active if run.is_ready]
                with kernels:
                    shared.run([run.learner for run in active])
                for warning in kernels.warnings():
                    yield RunEvent("", warning)
                for run in active:
                    yield from run.advance()
                active = [run for run in active if run.is_ready]
        finally:
            for run in active:
                run.close()


def _of_all(events: Generator[Event, None, Result]) -> Generator[RunEvent, None, Result]:
    """Pass events and the result on, as those of all runs."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value
        yield RunEvent("", event)


class _Run:
    """One run, from one step to the next."""

    def __init__(
        self,
        settings: TrainSettings,
        control: Control,
        before: Callable[[TrainSettings], object],
        until: int | None = None,
    ) -> None:
        self.name = settings.embedding
        self._control = LinkedControl(control)
        self._last = reading_step(until, settings.evaluate_every) if until else math.inf
        self.is_ready = False
        self._step = 0
        self._has_failed = False
        self._learner: SharedLearner | None = None
        self._events = self._train(settings, before)

    @property
    def learner(self) -> SharedLearner:
        """What stands for its learner; it is there before the first step."""
        assert self._learner is not None
        return self._learner

    def _train(
        self, settings: TrainSettings, before: Callable[[TrainSettings], object]
    ) -> Generator[Event, None, None]:
        before(settings)
        yield from train(settings, self._control, sharing=self._share)

    def _share(self, learner: Learner) -> SharedLearner:
        self._learner = SharedLearner(learner)
        return self._learner

    def advance(self) -> Iterator[RunEvent]:
        """Go on to where the next step needs its gradients, or to the end; yield the events."""
        self.is_ready = False
        try:
            for event in self._events:
                if isinstance(event, Waiting):
                    self.is_ready = True
                    return
                self._note(event)
                yield RunEvent(self.name, event)
        except TextualInversionError as error:
            if not self._has_failed:
                yield RunEvent(self.name, Failed(self._step, str(error)))
        except Exception as error:
            # Whatever happens in one run must not cost the others what they learn.
            logger.exception("The run of %s failed", self.name)
            yield RunEvent(self.name, Failed(self._step, f"{type(error).__name__}: {error}"))

    def close(self) -> None:
        """Leave the run; what it has learned is saved."""
        self._events.close()

    def _note(self, event: Event) -> None:
        if isinstance(event, Started | Stepped):
            self._step = event.step
        self._has_failed = isinstance(event, Failed)
        if isinstance(event, Evaluated) and event.step >= self._last:
            self._control.ask("stop")
