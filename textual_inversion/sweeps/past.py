"""Sweeps that were begun: which there are, and the plan of one, read from its record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual_inversion.errors import StorageError
from textual_inversion.settings import SweepSettings
from textual_inversion.settings.comparison.many_runs import EARLY_STOPPING, ManyRunsSettings
from textual_inversion.storage.file_lock import is_held
from textual_inversion.sweeps.halving import Halving
from textual_inversion.sweeps.plan import Plan, folder_of, make_run
from textual_inversion.sweeps.record import Record, lock_path, read_record, sweeps_folder


def list_sweeps(log_dir: Path) -> list[Path]:
    """List the records of the sweeps of a log directory, the newest first."""
    found = [path for path in sweeps_folder(log_dir).glob("*.json") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def is_worked_on(record: Path) -> bool:
    """Whether a living process trains a sweep."""
    return is_held(lock_path(record))


def run_names(record: Path) -> list[str]:
    """List the embeddings of a sweep's runs, in their order.

    Raises:
        StorageError: The record cannot be read.
    """
    return [name for name, _ in _runs(read_record(record), record)]


def read_plan(path: Path) -> tuple[Plan, Record]:
    """Read what a sweep trains, so that it can be gone on with.

    Raises:
        StorageError: The record cannot be read.
        SettingsError: It holds settings that this version does not know.
    """
    stored = read_record(path)
    runs = _runs(stored, path)
    given = stored.get("given", stored.get("settings"))
    if not runs or not isinstance(given, dict):
        raise _unusable(path)
    fields = ManyRunsSettings.model_fields
    shared = ManyRunsSettings.build({key: given[key] for key in given if key in fields})
    defaults = SweepSettings.model_fields
    halving = Halving(*(int(given.get(key, defaults[key].default)) for key in EARLY_STOPPING))
    plan = Plan(
        "sweep",
        shared.embedding,
        folder_of(shared.embedding),
        shared,
        tuple(runs[0][1]),
        tuple(make_run(shared, name, values) for name, values in runs),
        halving,
    )
    return plan, Record(path, float(stored.get("began", 0.0)))


def _runs(stored: dict[str, Any], path: Path) -> list[tuple[str, dict[str, str]]]:
    try:
        return [(str(one["embedding"]), dict(one["values"])) for one in stored["runs"]]
    except (KeyError, TypeError, ValueError):
        raise _unusable(path) from None


def _unusable(path: Path) -> StorageError:
    return StorageError(f"{path} is no record of a sweep; remove it.")
