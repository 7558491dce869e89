"""A run read from its folder while any process trains it. Light: no Textual, no torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textual_inversion.errors import TrainingError
from textual_inversion.names import strip_brackets
from textual_inversion.runs.folder import is_running
from textual_inversion.runs.history import Row, RunHistory
from textual_inversion.runs.state import Run, State, read_events, state_on_disk

_LOG = "events.jsonl"


@dataclass
class RunFollower:
    """Folds the events of a run folder as they are written."""

    folder: Path
    run: Run = field(default_factory=lambda: Run(kind="train"))
    state: State = "loading"
    _offset: int = 0

    def read(self) -> bool:
        """Fold in what is new; tell whether anything changed."""
        works = is_running(self.folder)  # before its last events are read
        version, before = self.run.version, self.state
        for event in read_events(self._lines()):
            self.run.apply(event)
        self.state = state_on_disk(self.run, works=works)
        return (self.run.version, self.state) != (version, before)

    def _lines(self) -> list[bytes]:
        try:
            with (self.folder / _LOG).open("rb") as file:
                file.seek(self._offset)
                added = file.read()
        except OSError:
            return []
        complete = added[: added.rfind(b"\n") + 1]
        self._offset += len(complete)
        return complete.splitlines()


def log_folders(log_dir: Path, base: Path) -> list[Path]:
    """List where run folders may be: ours, and those of trainings that the form has started."""
    return [log_dir, *sorted((base / "text-inversion-output").glob("*/logs"))]


def list_runs(folders: Sequence[Path]) -> list[Row]:
    """List the runs of several log folders, those that are running first."""
    rows = [row for folder in folders for row in RunHistory(folder).rows()]
    return sorted(rows, key=lambda row: row.state != "running")


def find_run(name: str, folders: Sequence[Path]) -> Path:
    """Find a run by its folder or its embedding, the one that is running first.

    Raises:
        TrainingError: There is none.
    """
    if (Path(name) / _LOG).is_file():
        return Path(name)
    bare = strip_brackets(name)
    rows = [row for row in list_runs(folders) if bare in {row.name, row.folder.name}]
    if rows:
        return rows[0].folder
    raise TrainingError(
        f'There is no run "{name}" in {folders[0]}; give its embedding or its folder, as ti status '
        "lists them."
    )
