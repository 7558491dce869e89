"""What a sweep consists of, on disk, so that the same command goes on with it.

<log directory>/sweeps/<name>.json, or batches/<name>.json for a table of concepts: the settings
that all runs have, the name and the values of each run, and which runs have ended early. How far a
run is stands in its own folder only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual_inversion.embeddings.library import Library
from textual_inversion.errors import (
    DatasetError,
    EmbeddingError,
    SettingsError,
    StorageError,
    TrainingError,
)
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.comparison.many_runs import EARLY_STOPPING, ManyRunsSettings
from textual_inversion.settings.create import VectorSettings
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.file_lock import FileLock
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.plan import Plan

_VERSION = 1
_FOLDERS = {"sweep": "sweeps", "batch": "batches"}
_OF_RUNS = {*TrainSettings.model_fields, *VectorSettings.model_fields}
# How many are trained at once, and by which engine: any sitting may choose anew.
_OF_SITTINGS = {*ManyRunsSettings.model_fields} - _OF_RUNS


@dataclass(frozen=True)
class Record:
    """A sweep's record: its file, and the moment at which it began, in seconds since 1970."""

    path: Path
    began: float

    def judged(self) -> dict[int, list[str]]:
        """Read at which steps runs were judged, and the names of those that ended early there."""
        return {
            int(one["step"]): list(one["ended"]) for one in read_record(self.path).get("judged", [])
        }

    def note_judged(self, step: int, ended: Sequence[str]) -> None:
        """Write down that runs were judged at a step, and which ended there."""
        stored = read_record(self.path)
        stored["judged"] = [*stored.get("judged", []), {"step": step, "ended": list(ended)}]
        write_whole(self.path, json.dumps(stored, indent=1).encode())


def record_path(plan: Plan) -> Path:
    """Return where a plan's record lies."""
    return find_folder(plan.shared.log_dir) / _FOLDERS[plan.kind] / f"{plan.name}.json"


def sweeps_folder(log_dir: Path) -> Path:
    """Return where the records of sweeps lie."""
    return log_dir / _FOLDERS["sweep"]


def lock_path(record: Path) -> Path:
    """Return the lock that is held while a sweep is trained."""
    return record.with_suffix(".lock")


def read_record(path: Path) -> dict[str, Any]:
    """Read a record as it stands.

    Raises:
        StorageError: It cannot be read.
    """
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StorageError(_unreadable(path)) from None
    if not isinstance(stored, dict):
        raise StorageError(_unreadable(path))
    return {str(key): value for key, value in stored.items()}  # pyright: ignore


@contextmanager
def working_on(plan: Plan) -> Iterator[Record]:
    """Hold a sweep during the block: begin it, or go on with what its record says.

    Raises:
        TrainingError: Another process trains it.
        SettingsError: The sweep of that name was begun with other settings.
        DatasetError: It would begin, and a folder of pictures is not there.
        EmbeddingError: It would begin, and one of its embeddings is there already.
        StorageError: The record cannot be read or written.
    """
    path = record_path(plan)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock.take(lock_path(path))
    if lock is None:
        raise TrainingError(
            f'Another process trains "{plan.name}" already; wait for its end, or stop it.'
        )
    with lock:
        yield _continue(path, plan) if path.exists() else _begin(path, plan)


def _begin(path: Path, plan: Plan) -> Record:
    for folder in dict.fromkeys(run.training.dataset_dir for run in plan.runs):
        if not (Path(folder).is_dir() or find_folder(folder).is_dir()):
            raise DatasetError(f"There is no folder {folder}; check its path.")
    taken = {entry.name.casefold(): entry for entry in Library(find_folder("embeddings")).list()}
    for run in plan.runs:
        if entry := taken.get(run.name.casefold()):
            raise EmbeddingError(
                f'There is already an embedding "{run.name}" at {entry.path}; rename or delete it, '
                "or choose another name."
            )
    record = Record(path, time.time())
    # What nobody chose is left out: each run fills it in, with a preset of its own if it has one.
    given = plan.shared.model_dump(mode="json", exclude_unset=True)
    stored = {"version": _VERSION, "began": record.began, "given": given, **_content(plan)}
    text = json.dumps(stored, indent=1)
    write_whole(path, text.encode())
    return record


def _continue(path: Path, plan: Plan) -> Record:
    try:
        stored = read_record(path)
        began = float(stored["began"])
        before = {key: stored[key] for key in _content(plan)}
    except (ValueError, KeyError, TypeError):
        raise StorageError(_unreadable(path)) from None
    now = json.loads(json.dumps(_content(plan)))
    if before != now:
        raise SettingsError(
            f'"{plan.name}" was begun with {_difference(before, now)}; give the same as then to go '
            f"on, or choose another name (its record is {path})."
        )
    _note_sitting(path, stored, plan)
    return Record(path, began)


def _note_sitting(path: Path, stored: dict[str, Any], plan: Plan) -> None:
    """Write down the engine of this sitting, by which whoever goes on from the record trains."""
    before = stored.get("given")
    if not isinstance(before, dict):
        return
    now = plan.shared.model_dump(mode="json", exclude_unset=True, include=_OF_SITTINGS)
    given = {key: value for key, value in before.items() if key not in _OF_SITTINGS} | now
    if given != before:
        write_whole(path, json.dumps({**stored, "given": given}, indent=1).encode())


def _content(plan: Plan) -> dict[str, Any]:
    """Collect what decides how the runs end; how many are trained at once, and where, do not."""
    shared = plan.shared.model_dump(mode="json")
    rule = (plan.halving.factor, plan.halving.grace) if plan.halving.is_on else ()
    return {
        "settings": {
            **{key: value for key, value in shared.items() if key in _OF_RUNS},
            **dict(zip(EARLY_STOPPING, rule, strict=False)),
        },
        "runs": [{"embedding": run.name, "values": dict(run.values)} for run in plan.runs],
    }


def _unreadable(path: Path) -> str:
    return f"{path} cannot be read; remove it, and choose another name for what is trained now."


def _difference(before: dict[str, Any], now: dict[str, Any]) -> str:
    then, given = before["settings"], now["settings"]
    names = [key for key in {**then, **given} if then.get(key) != given.get(key)]
    if names:
        return ", ".join(f"{key} {then.get(key)}" for key in names)
    return "other runs"
