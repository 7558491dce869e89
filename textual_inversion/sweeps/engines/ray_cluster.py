"""The engine of a Ray cluster: each batch of runs is one task on one node, and comes home.

Plain tasks that yield reports, rather than Ray Tune: a trial of Tune is one run and would hold a
model of its own, while a batch shares it; and a task that Ray itself retries would train all its
runs again. Here a batch whose node is lost is submitted anew with the runs that have not ended,
from the checkpoints that have come home.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Self, cast

import ray
from ray.exceptions import RayError, RayTaskError, TaskCancelledError

from textual_inversion.errors import TrainingError
from textual_inversion.events import Failed, Finished, Saved, Stepped, Warned
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.comparison.many_runs import ManyRunsSettings
from textual_inversion.sweeps.batch import RunEvent
from textual_inversion.sweeps.engines.base import Creations
from textual_inversion.sweeps.engines.messages import Parcel, Report
from textual_inversion.sweeps.engines.ray_session import Session
from textual_inversion.sweeps.engines.returned import Returned
from textual_inversion.sweeps.grouping import Group

_MOST_TRIES = 3
_LOOK_EVERY_SECONDS = 0.5


@dataclass
class _Batch:
    """Runs of one task, by name; those that end leave it."""

    runs: dict[str, TrainSettings]
    tries: int = 1
    has_begun: bool = False


@dataclass
class RayEngine:
    """Trains on the nodes of a Ray cluster, or on all GPUs of this machine.

    `returned` is what is here of the runs; Ray is connected during the with block.
    """

    settings: ManyRunsSettings
    creations: Creations
    returned: Returned
    session: Session = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack, init=False)

    def __post_init__(self) -> None:
        self.session = Session(self.settings, self.creations, self.returned)

    def __enter__(self) -> Self:
        with ExitStack() as opened:
            opened.callback(self.returned.close)
            opened.enter_context(self.session)
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def describe(self, groups: Sequence[Group]) -> str:
        """Say how many batches there are, and where they are trained."""
        batches, places = self._batches(groups)
        return _describe(batches, places, self.session.where)

    def train(
        self, groups: Sequence[Group], control: Control, *, until: int | None = None
    ) -> Iterator[RunEvent]:
        """Train the groups' batches side by side."""
        waiting = deque(self._batches(groups)[0])
        yield from _Work(self.session, self.returned, waiting, until).run(control)

    def _batches(self, groups: Sequence[Group]) -> tuple[list[_Batch], int]:
        """Return batches, and how many of them can be trained at the same time."""
        places = self.session.num_places()
        return _batches(groups, self.settings.runs_at_once, places), places


class _Work:
    """Submits batches and takes what they report."""

    def __init__(
        self, session: Session, returned: Returned, waiting: deque[_Batch], until: int | None
    ) -> None:
        self.session = session
        self.returned = returned
        self.waiting = waiting
        self.until = until
        self.active: dict[Any, _Batch] = {}
        self._steps: dict[str, int] = {}

    def run(self, control: Control) -> Iterator[RunEvent]:
        """Work until all have ended; on any other way out they save, and what they saved comes."""
        try:
            while self.active or (self.waiting and not control.stopping):
                if control.stopping:
                    self._stop()
                self._submit(control)
                yield from self._look()
        finally:
            # Where all have ended, nodes go on to the next stage.
            if self.active:
                self._stop()
            while self.active:
                for _ in self._look():
                    pass

    def _stop(self) -> None:
        """Let batches save and end; those that wait for a place are not begun."""
        self.session.ask_to_stop()
        for task, batch in self.active.items():
            if not batch.has_begun:
                ray.cancel(task)

    def _submit(self, control: Control) -> None:
        # One more than there are places, so that a cluster that grows on demand sees the demand.
        while self.waiting and not control.stopping:
            if len(self.active) > self.session.num_places():
                return
            batch = self.waiting.popleft()
            self.active[self.session.submit(tuple(batch.runs.values()), self.until)] = batch

    def _look(self) -> Iterator[RunEvent]:
        ready, _ = ray.wait([*self.active], timeout=_LOOK_EVERY_SECONDS, fetch_local=False)
        for task in ready:
            yield from self._take(task)

    def _take(self, task: Any) -> Iterator[RunEvent]:
        """Take a task's next report, or its end."""
        try:
            report = cast("Report", ray.get(next(task)))
        except StopIteration:
            self.active.pop(task)
        except TaskCancelledError:
            self.active.pop(task)
        except RayTaskError as error:
            self.active.pop(task)
            raise TrainingError(f"A node could not train: {_cause(error)}.") from error
        except RayError:
            yield from self._lose(self.active.pop(task))
        else:
            yield from self._read(self.active[task], report)

    def _read(self, batch: _Batch, report: Report) -> Iterator[RunEvent]:
        batch.has_begun = True
        # Files first, because an event says where they are.
        for item in report.items:
            if isinstance(item, Parcel):
                self.returned.take(batch.runs[item.run], item)
        for item in report.items:
            if isinstance(item, RunEvent):
                self._note(batch, item)
                yield RunEvent(item.run, self.returned.event_here(item.run, item.event))
        if report.error:
            raise TrainingError(report.error)

    def _note(self, batch: _Batch, each: RunEvent) -> None:
        match each.event:
            case Finished() | Failed():
                self.returned.leave(each.run)
                batch.runs.pop(each.run, None)
            case Stepped():
                self._steps[each.run] = each.event.step
            case Saved(kind="checkpoint"):
                batch.tries = 1
            case _:
                pass

    def _lose(self, batch: _Batch) -> Iterator[RunEvent]:
        """Submit what is left of a batch again, but not for ever where nothing is saved between."""
        if not batch.runs:
            return
        if batch.tries < _MOST_TRIES:
            self.waiting.appendleft(_Batch(batch.runs, batch.tries + 1))
            yield RunEvent("", Warned(_lost(batch)))
            return
        for name in batch.runs:
            self.returned.leave(name)
            reason = (
                f"Its node was lost {_MOST_TRIES} times before it saved anything; see Ray's log."
            )
            yield RunEvent(name, Failed(self._steps.get(name, 0), reason))


def _batches(groups: Sequence[Group], at_once: int, places: int) -> list[_Batch]:
    """Part groups, so that all places have work and no batch is larger than it need be."""
    total = sum(len(group.runs) for group in groups)
    most = min(at_once, math.ceil(total / max(places, 1)))
    return [
        _Batch({run.embedding: run for run in group.runs[first : first + most]})
        for group in groups
        for first in range(0, len(group.runs), most)
    ]


def _describe(batches: Sequence[_Batch], places: int, where: str) -> str:
    most = max(len(batch.runs) for batch in batches)
    count = sum(len(batch.runs) for batch in batches)
    return (
        f"{count} {'run' if count == 1 else 'runs'} in {len(batches)} "
        f"{'batch' if len(batches) == 1 else 'batches'} of at most {most}, {places} at a time, "
        f"{where}."
    )


def _lost(batch: _Batch) -> str:
    names = ", ".join(batch.runs)
    return f"A node was lost; what it trained goes on elsewhere from its last checkpoints: {names}."


def _cause(error: RayTaskError) -> str:
    cause = error.cause
    return f"{type(cause).__name__}: {cause}".splitlines()[0].rstrip(".")
