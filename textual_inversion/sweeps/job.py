"""A sweep from its first event to its last: what is left of it is trained by its engine."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.devices.launcher import num_processes
from textual_inversion.errors import SettingsError
from textual_inversion.events import Warned
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import read_run
from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.batch import RunEvent
from textual_inversion.sweeps.engines.base import Engine
from textual_inversion.sweeps.engines.choice import make_engine
from textual_inversion.sweeps.grouping import Group, group_runs
from textual_inversion.sweeps.halving import loss_at
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.record import Record
from textual_inversion.sweeps.results import Result, read_results


def train_plan(plan: Plan, record: Record, control: Control) -> Iterator[RunEvent]:
    """Train the runs of a plan that have not ended; those that failed are tried again.

    With early stopping all are trained up to a rung before they are judged there.

    Raises:
        SettingsError: Several processes were started, and each would train all; or the engine
            cannot be used.
        TextualInversionError: A base model cannot be opened, or the engine is lost.
    """
    if num_processes() > 1:
        raise SettingsError("A sweep is trained by one process; leave out accelerate launch.")
    sitting = _Sitting(plan, record)
    if not sitting.groups():
        return
    with make_engine(plan, read_results(plan, record)) as engine:
        yield from sitting.notes(engine)
        for rung in [rung for rung in plan.rungs if rung not in record.judged()]:
            yield from engine.train(sitting.groups(until=rung), control, until=rung)
            if control.stopping:
                return
            yield from sitting.judge(rung)
        yield from engine.train(sitting.groups(), control)


class _Sitting:
    """One process's work on a sweep: what is left of it, stage after stage."""

    def __init__(self, plan: Plan, record: Record) -> None:
        self._plan, self._record = plan, record
        self._every = {run.name: run.training.evaluate_every for run in plan.runs}
        # What fails or is stopped on its way to a rung is not tried again in this sitting.
        self._given_up: set[str] = set()

    def notes(self, engine: Engine) -> Iterator[RunEvent]:
        """Say how the runs that are left are trained."""
        for note in (*self._plan.notes, engine.describe(self.groups())):
            yield RunEvent("", Warned(note))

    def groups(self, until: int | None = None) -> list[Group]:
        """Group what is left, up to a rung or to the end."""
        return group_runs(
            [run for run, result in self._left() if not until or self._loss(result, until) is None]
        )

    def judge(self, rung: int) -> Iterator[RunEvent]:
        """End the weaker ones of the runs that have come to a rung."""
        early = {name for names in self._record.judged().values() for name in names}
        results = [one for one in read_results(self._plan, self._record) if one.name not in early]
        measured = {one.name: self._loss(one, rung) for one in results}
        self._given_up |= {name for name, loss in measured.items() if loss is None}
        losses = {name: loss for name, loss in measured.items() if loss is not None}
        going_on = self._plan.halving.going_on(losses)
        ended = [one.name for one in results if one.name in losses and one.name not in going_on]
        over = {one.name for one in results if one.has_ended}
        self._record.note_judged(rung, [name for name in ended if name not in over])
        yield RunEvent(
            "",
            Warned(
                f"At step {rung} the best {len(going_on)} of {len(losses)} runs go on, by the loss "
                "of their fixed batch; the others end early."
            ),
        )

    def _left(self) -> list[tuple[TrainSettings, Result]]:
        results = read_results(self._plan, self._record)
        return [
            (run.training.model_copy(update={"compile": "off"}), result)
            for run, result in zip(self._plan.runs, results, strict=True)
            if not result.has_ended and run.name not in self._given_up
        ]

    def _loss(self, result: Result, rung: int) -> float | None:
        """Read the loss by which a run is judged at a rung; None before it is there."""
        if result.folder is None:
            return None
        return loss_at(
            read_run(result.folder).evaluations,
            rung,
            every=self._every[result.name],
            total=result.step if result.has_ended else result.total,
        )
