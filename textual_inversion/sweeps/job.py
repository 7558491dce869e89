"""A sweep from its first event to its last: what is left of it is trained, group after group."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.devices.launcher import num_processes
from textual_inversion.embeddings.create import create
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import SettingsError
from textual_inversion.events import Warned
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import read_run
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.batch import RunEvent, train_together
from textual_inversion.sweeps.grouping import describe_groups, group_runs
from textual_inversion.sweeps.halving import loss_at
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.record import Record
from textual_inversion.sweeps.results import Result, read_results


def train_plan(plan: Plan, record: Record, control: Control) -> Iterator[RunEvent]:
    """Train the runs of a plan that have not ended; those that failed are tried again.

    With early stopping all are trained up to a rung before they are judged there.

    Raises:
        SettingsError: Several processes were started, and each would train all.
        TextualInversionError: A base model cannot be opened.
    """
    if num_processes() > 1:
        raise SettingsError("A sweep is trained by one process; leave out accelerate launch.")
    sitting = _Sitting(plan, record, control)
    yield from sitting.notes()
    for rung in [rung for rung in plan.rungs if rung not in record.judged()]:
        yield from sitting.train(until=rung)
        if control.stopping:
            return
        yield from sitting.judge(rung)
    yield from sitting.train()


class _Sitting:
    """One process's work on a sweep."""

    def __init__(self, plan: Plan, record: Record, control: Control) -> None:
        self._plan, self._record, self._control = plan, record, control
        self._creations = _Creations(plan)
        self._every = {run.name: run.training.evaluate_every for run in plan.runs}
        # What fails or is stopped on its way to a rung is not tried again in this sitting.
        self._given_up: set[str] = set()

    def notes(self) -> Iterator[RunEvent]:
        """Say how the runs that are left are grouped."""
        groups = group_runs([run for run, _ in self._left()])
        at_once = self._plan.shared.runs_at_once
        for note in (*self._plan.notes, describe_groups(groups, at_once)) if groups else ():
            yield RunEvent("", Warned(note))

    def train(self, until: int | None = None) -> Iterator[RunEvent]:
        """Train what is left, up to a rung or to the end."""
        left = [
            run for run, result in self._left() if not until or self._loss(result, until) is None
        ]
        for group in group_runs(left):
            yield from train_together(
                group.runs,
                self._control,
                at_once=self._plan.shared.runs_at_once,
                before=self._creations.make,
                until=until,
            )
            if self._control.stopping:
                return

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


class _Creations:
    """Creates the embedding of a run when its turn has come, unless an earlier sitting did."""

    def __init__(self, plan: Plan) -> None:
        self._settings = {run.name: run.creation for run in plan.runs}
        self._all = Library(find_folder("embeddings"))
        self._own = Library(self._all.folder / plan.folder)

    def make(self, run: TrainSettings) -> None:
        if self._all.find(run.embedding) is None:
            create(self._settings[run.embedding], self._own)
