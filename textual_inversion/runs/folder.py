"""A run's folder: where it lies, and the two logs that every event is written to.

<log directory>/<YYYY-MM-DD>/<embedding>/
    settings.json  events.jsonl  textual_inversion_loss.csv
    embeddings/  images/  image_embeddings/  checkpoints/
    running.lock while a process works in it, and what it is asked for as *.request
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Self, TextIO

from textual_inversion.errors import StorageError, TrainingError
from textual_inversion.events import Event, Stepped, to_dict
from textual_inversion.storage.atomic import explain, write_whole
from textual_inversion.storage.file_lock import FileLock, is_held

_COLUMNS = ("step", "epoch", "epoch_step", "loss", "learn_rate")
_LOCK = "running.lock"
LOG = "events.jsonl"


def new_run_folder(log_dir: Path, name: str) -> Path:
    """Make a folder for a new run; a second run of one day gets "-2" behind its name."""
    day = log_dir / date.today().isoformat()
    number = 1
    while True:
        folder = day / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise StorageError(explain(folder, error, doing="make the run folder")) from None
        else:
            return folder


@contextmanager
def working_in(folder: Path) -> Iterator[None]:
    """Hold the lock of a run folder during the block.

    Raises:
        TrainingError: Another process holds it.
    """
    lock = FileLock.take(folder / _LOCK)
    if lock is None:
        raise TrainingError(
            f"A training runs in {folder} already; wait for the end of that run, or stop it "
            "with: ti stop."
        )
    with lock:
        # A process that was killed while it wrote could not tidy up.
        for part in folder.glob("*/.*.part"):
            part.unlink(missing_ok=True)
        yield


def is_running(folder: Path) -> bool:
    """Whether a living process works in a run folder."""
    return is_held(folder / _LOCK)


def is_own_file(path: Path) -> bool:
    """Whether a path in a run folder is of the run, not of the process that works in it."""
    return path.name != _LOCK and path.suffix not in {".request", ".part"}


def running_folders(log_dir: Path) -> list[Path]:
    """List the run folders that living processes work in."""
    locks = log_dir.glob(f"*/*/{_LOCK}")
    return sorted(lock.parent for lock in locks if is_held(lock))


def run_key(folder: Path) -> str:
    """Name a run folder as lists do: <day>/<folder>."""
    return f"{folder.parent.name}/{folder.name}"


def run_folders(log_dir: Path) -> list[Path]:
    """List the run folders of a log directory, the one that was worked in last first."""
    found: list[tuple[float, Path]] = []
    for log in log_dir.glob(f"*/*/{LOG}"):
        with suppress(OSError):
            found.append((log.stat().st_mtime, log.parent))
    return [folder for _, folder in sorted(found, reverse=True)]


def newest_checkpoint(folder: Path) -> Path | None:
    """Find the newest checkpoint of a run folder."""
    found = sorted((folder / "checkpoints").glob("*.ckpt"), key=checkpoint_updates)
    return found[-1] if found else None


def checkpoint_updates(path: Path) -> int:
    """Read from a checkpoint's name how many updates it holds."""
    number = path.stem.rpartition("-")[2]
    return int(number) if number.isdigit() else -1


def checkpoint_steps(folder: Path) -> list[int]:
    """List how many updates the checkpoints of a run folder hold, the fewest first."""
    return sorted(map(checkpoint_updates, (folder / "checkpoints").glob("*.ckpt")))


def drop_checkpoints_after(folder: Path, updates: int) -> None:
    """Remove the checkpoints of a run folder that hold more than so many updates."""
    for path in (folder / "checkpoints").glob("*.ckpt"):
        if checkpoint_updates(path) > updates:
            path.unlink(missing_ok=True)


class RunLog:
    """Writes events.jsonl and the loss table; lines of steps that will be redone are dropped."""

    def __init__(self, folder: Path, *, start: int, steps_per_epoch: float) -> None:
        self.folder = folder
        self.steps_per_epoch = steps_per_epoch
        self.table = folder / "textual_inversion_loss.csv"
        if start and self.table.exists():
            self._drop_after(start)
        try:
            self._events = _open_lines(folder / LOG)
            is_new = not self.table.exists()
            self._losses = self.table.open("a", encoding="utf-8", newline="", buffering=1)
        except OSError as error:
            raise StorageError(explain(folder, error)) from None
        self._rows = csv.writer(self._losses)
        if is_new:
            self._rows.writerow(_COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()
        self._losses.close()

    def keep(self, event: Event) -> None:
        """Append one event."""
        try:
            self._events.write(json.dumps(to_dict(event)) + "\n")
            if isinstance(event, Stepped) and event.loss is not None:
                self._rows.writerow(self._row(event, event.loss))
        except OSError as error:
            raise StorageError(explain(self.folder, error)) from None

    def _row(self, event: Stepped, loss: float) -> tuple[int, int, int, str, str]:
        done = event.step - 1
        epoch = int(done / self.steps_per_epoch)
        within = int(done - epoch * self.steps_per_epoch)
        return event.step, epoch, within, f"{loss:.7f}", f"{event.learning_rate:g}"

    def _drop_after(self, start: int) -> None:
        rows = io.StringIO(newline="")
        writer = csv.writer(rows)
        with self.table.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                if row and (not row[0].isdigit() or int(row[0]) <= start):
                    writer.writerow(row)
        write_whole(self.table, rows.getvalue().encode())


def _open_lines(path: Path) -> TextIO:
    """Open a file of lines to add to; a line that was cut short is ended first."""
    torn = path.exists() and not path.read_bytes().endswith(b"\n") and path.stat().st_size
    file = path.open("a", encoding="utf-8", buffering=1)
    if torn:
        file.write("\n")
    return file
