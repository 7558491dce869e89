"""What a node of a Ray cluster does: it trains a batch in a folder that is removed at the end.

What the runs write is sent home whenever they begin, have saved a checkpoint, or end, so that a
node can be lost at any moment.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import ray
from ray.exceptions import RayActorError

from textual_inversion.errors import TextualInversionError
from textual_inversion.events import Failed, Finished, Saved, Started
from textual_inversion.runs.folder import is_own_file
from textual_inversion.runs.requests import LOOK_EVERY_SECONDS, Control
from textual_inversion.settings import CreateSettings, TrainSettings
from textual_inversion.sweeps.batch import RunEvent, train_together
from textual_inversion.sweeps.engines.files import pack, unpack
from textual_inversion.sweeps.engines.messages import EMBEDDINGS, BatchJob, Parcel, Report
from textual_inversion.sweeps.engines.version import own_version

_REPORT_EVERY_SECONDS = 0.5
S = TypeVar("S", TrainSettings, CreateSettings)


def train_batch(job: BatchJob, datasets: dict[str, Any], stop_flag: Any) -> Iterator[Report]:
    """Train the runs of a job; a Ray task that yields its reports.

    `datasets` are references to the files of each, by their folders on the node.
    """
    if job.version != own_version():
        yield Report(error=_other_version(job.version))
        return
    control, reports = _RemoteControl(stop_flag), _Reports.after(job)
    if control.stopping:
        return
    try:
        with _working_folder() as folder:
            unpack(job.files, folder)
            for there, reference in datasets.items():
                unpack(ray.get(reference), folder / there)
            for each in _events(job, control):
                yield from reports.note(each)
            yield reports.rest()
    except TextualInversionError as error:
        yield Report(error=str(error))


def _events(job: BatchJob, control: Control) -> Iterator[RunEvent]:
    runs = [_with_models(run, job.models) for run in job.runs]
    creations = replace(
        job.creations,
        settings={
            name: _with_models(one, job.models) for name, one in job.creations.settings.items()
        },
    )
    return train_together(
        runs, control, at_once=job.at_once, before=creations.make, until=job.until
    )


def _with_models(settings: S, models: dict[str, str]) -> S:
    """Name the models by the paths that they have at home, where these are here as well."""
    return settings.model_copy(
        update={
            field: models[name]
            for field in ("model", "vae", "tokenizer")
            if (name := getattr(settings, field, "")) in models and Path(models[name]).exists()
        }
    )


def _other_version(theirs: str) -> str:
    return (
        f"A node of the cluster has version {own_version()} of this program, and {theirs} was "
        "started; install the same on all nodes."
    )


@contextmanager
def _working_folder() -> Iterator[Path]:
    """Stand in an empty folder; a process of Ray's does one task at a time."""
    before, home = Path.cwd(), os.environ.get("TI_HOME")
    with tempfile.TemporaryDirectory(prefix="ti-node-") as name:
        os.chdir(name)
        os.environ["TI_HOME"] = "."
        try:
            yield Path()
        finally:
            os.chdir(before)
            os.environ.pop("TI_HOME")
            if home is not None:
                os.environ["TI_HOME"] = home


class _RemoteControl(Control):
    """Asks the flag once a second; where it cannot be asked any more, nobody waits for results."""

    def __init__(self, stop_flag: Any) -> None:
        super().__init__()
        self._flag = stop_flag
        self._asked = 0.0

    @property
    def stopping(self) -> bool:
        """Whether the flag is up."""
        moment = time.monotonic()
        if not self.stop.is_set() and moment - self._asked >= LOOK_EVERY_SECONDS:
            self._asked = moment
            try:
                is_up = ray.get(self._flag.is_up.remote())
            except RayActorError:
                is_up = True
            if is_up:
                self.stop.set()
        return self.stop.is_set()


@dataclass
class _Reports:
    """Collects events, and after those that leave files behind, the files.

    A run that ends closes its files after the event that says so, hence they are packed when the
    next event comes.
    """

    items: list[RunEvent | Parcel] = field(default_factory=list)
    _due: list[str] = field(default_factory=list)
    _folders: dict[str, Path] = field(default_factory=dict)
    _sent: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _last: float = field(default_factory=time.monotonic)

    @classmethod
    def after(cls, job: BatchJob) -> _Reports:
        """Leave out what has come from home and does not change here."""
        known = {Path(file.path): (file.modified_ns, len(file.data)) for file in job.files}
        return cls(_sent=known)

    def note(self, each: RunEvent) -> Iterator[Report]:
        """Take an event; yield what is ready to be sent."""
        if self._due or time.monotonic() - self._last > _REPORT_EVERY_SECONDS:
            yield self.rest()
        self.items.append(each)
        if isinstance(each.event, Started):
            self._folders[each.run] = Path(each.event.folder)
        if _leaves_files(each) and each.run in self._folders:
            self._due.append(each.run)

    def rest(self) -> Report:
        """Return all that was not sent."""
        parcels = [self._pack(run) for run in dict.fromkeys(self._due)]
        report = Report((*self.items, *parcels))
        self.items, self._due, self._last = [], [], time.monotonic()
        return report

    def _pack(self, run: str) -> Parcel:
        folder = self._folders[run]
        in_folder = [path for path in folder.rglob("*") if is_own_file(path)]
        # Embeddings are saved under their names, in any of the formats.
        saved = [path for path in Path(EMBEDDINGS).rglob("*") if path.stem == run]
        changed = [
            path for path in (*in_folder, *saved) if path.is_file() and self._has_changed(path)
        ]
        names = frozenset(p.relative_to(folder).as_posix() for p in in_folder if p.is_file())
        return Parcel(run, folder.as_posix(), pack(Path(), changed), names)

    def _has_changed(self, path: Path) -> bool:
        """Whether a file is not as it was when it was sent last; from now on it counts as sent."""
        status = path.stat()
        now = (status.st_mtime_ns, status.st_size)
        was, self._sent[path] = self._sent.get(path), now
        return was != now


def _leaves_files(each: RunEvent) -> bool:
    match each.event:
        case Started() | Finished() | Failed():
            return True
        case Saved(kind=kind):
            return kind == "checkpoint"
        case _:
            return False
