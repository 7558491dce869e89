"""A sweep from its first event to its last: what is left of it is trained, group after group."""

from __future__ import annotations

from collections.abc import Iterator

from textual_inversion.devices.launcher import num_processes
from textual_inversion.embeddings.create import create
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import SettingsError
from textual_inversion.events import Warned
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.batch import RunEvent, train_together
from textual_inversion.sweeps.grouping import describe_groups, group_runs
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.record import Record
from textual_inversion.sweeps.results import read_results


def train_plan(plan: Plan, record: Record, control: Control) -> Iterator[RunEvent]:
    """Train the runs of a plan that have not ended; those that failed are tried again.

    Raises:
        SettingsError: Several processes were started, and each would train all.
        TextualInversionError: A base model cannot be opened.
    """
    if num_processes() > 1:
        raise SettingsError("A sweep is trained by one process; leave out accelerate launch.")
    results = read_results(plan, record)
    left = [
        run.training.model_copy(update={"compile": "off"})
        for run, result in zip(plan.runs, results, strict=True)
        if not result.has_ended
    ]
    at_once, groups = plan.shared.runs_at_once, group_runs(left)
    if groups:
        for note in (*plan.notes, describe_groups(groups, at_once)):
            yield RunEvent("", Warned(note))
    creations = _Creations(plan)
    for group in groups:
        yield from train_together(group.runs, control, at_once=at_once, before=creations.make)
        if control.stopping:
            return


class _Creations:
    """Creates the embedding of a run when its turn has come, unless an earlier sitting did."""

    def __init__(self, plan: Plan) -> None:
        self._settings = {run.name: run.creation for run in plan.runs}
        self._all = Library(find_folder("embeddings"))
        self._own = Library(self._all.folder / plan.folder)

    def make(self, run: TrainSettings) -> None:
        if self._all.find(run.embedding) is None:
            create(self._settings[run.embedding], self._own)
