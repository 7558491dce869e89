"""Run folders deleted and put back; the trash lies in the log directory."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.errors import BusyError, TrainingError
from textual_inversion.names import nearest, strip_brackets
from textual_inversion.runs.folder import is_running, run_key
from textual_inversion.storage import trash
from textual_inversion.storage.atomic import os_errors
from textual_inversion.storage.trash import Deleted


def delete_run(log_dir: Path, folder: Path) -> Deleted:
    """Move a run folder to `.trash` in the log directory.

    Raises:
        BusyError: A process trains in it.
        TrainingError: It is no folder of this log directory.
        StorageError: It cannot be moved.
    """
    if is_running(folder):
        raise BusyError(f"A training runs in {folder}; stop it before you delete its run.")
    if folder.resolve().parent.parent != log_dir.resolve():
        raise TrainingError(f"{folder} is not in {log_dir}; name its folder of runs by --log-dir.")
    with os_errors(folder, doing="delete"):
        own = log_dir / run_key(folder.resolve())
        deleted = trash.put_away(log_dir, [own], name=own.name)
        if not any(own.parent.iterdir()):
            own.parent.rmdir()
        return deleted


def deleted_runs(log_dir: Path) -> list[Deleted]:
    """List the runs that were deleted and can come back, the latest first."""
    return trash.contents(log_dir)


def undelete_run(log_dir: Path, which: str = "") -> Path:
    """Put back the run deleted under a name or <day>/<name>, or last; return its folder.

    Raises:
        TrainingError: Nothing of that name was deleted.
        StorageError: It cannot be moved.
    """
    listed, wanted = deleted_runs(log_dir), strip_brackets(which)
    found = next((one for one in listed if not wanted or wanted in _names(one)), None)
    if found is None:
        near = nearest(wanted, (one.name for one in listed)) if wanted else ()
        advice = f"choose {' or '.join(near)}" if near else "there is nothing to undo"
        called = f' called "{which}"' if wanted else ""
        raise TrainingError(f"No run{called} was deleted from {log_dir}; {advice}.")
    with os_errors(log_dir, doing="put a run back into"):
        return trash.move_back(log_dir, found)


def _names(deleted: Deleted) -> set[str]:
    return {deleted.name, f"{deleted.place}/{deleted.name}", deleted.folder.name}
