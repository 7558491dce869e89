"""The table of runs: every run folder of a log directory, whoever trained it, and how far it is.

Looked at once a second, so only what was added to a log since is read, and of its steps the last.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from textual_inversion.errors import SettingsError
from textual_inversion.events import Started
from textual_inversion.runs.folder import is_running, newest_checkpoint, run_folders
from textual_inversion.runs.state import Run, State, read_events, state_on_disk
from textual_inversion.settings import TrainSettings, read_settings_file
from textual_inversion.settings.knobs import Knob, walk
from textual_inversion.storage.paths import find_folder

_CAN_GO_ON = {"stopped", "failed", "killed"}
_STEP = b'{"event": "stepped"'
_UNREAD = b'"loss": null'
# What tells runs apart already, or says nothing of how they learn.
_NOT_COMPARED = {"embedding", "resume"}


@dataclass(frozen=True)
class Row:
    """One run: `loss` is its last, `best` the lowest of its fixed batch; None: not known."""

    folder: Path
    name: str
    state: State
    step: int
    total: int
    loss: float | None
    best: float | None
    best_step: int
    seconds_left: float | None
    message: str
    settings: dict[str, Any]
    can_go_on: bool


class WithSettings(Protocol):
    """A run whose settings are known, by their paths; a default may be left out."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings."""
        ...


class RunHistory:
    """Reads the runs of a log directory again and again."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self._readers: dict[Path, _Reader] = {}

    def rows(self, limit: int | None = None) -> list[Row]:
        """List the newest runs, those that are running first."""
        folders = run_folders(self.log_dir)[:limit]
        self._readers = {f: self._readers.get(f) or _Reader(f) for f in folders}
        rows = [reader.row() for reader in self._readers.values()]
        return sorted(rows, key=lambda row: row.state != "running")


def differing(rows: Sequence[WithSettings]) -> list[str]:
    """Name the settings in which runs differ, in the order of their declaration."""
    return [
        knob.path
        for knob in walk(TrainSettings)
        if knob.path not in _NOT_COMPARED
        and len({_comparable(knob, row.settings.get(knob.path, knob.default)) for row in rows}) > 1
    ]


def _comparable(knob: Knob, value: Any) -> str:
    """Write a value so that equal ones are equal: a folder is the same by both of its names."""
    if knob.ui.widget == "folder" and isinstance(value, str):
        return os.path.realpath(find_folder(value))
    return json.dumps(value)


@dataclass
class _Reader:
    """Folds one run's log as it grows."""

    folder: Path
    offset: int = 0
    run: Run = field(default_factory=lambda: Run(kind="train"))
    settings: dict[str, Any] = field(default_factory=dict)

    def row(self) -> Row:
        """Read what is new and fold it into the run's row."""
        self._read()
        run, best = self.run, self.run.best
        state = state_on_disk(run, works=is_running(self.folder))
        return Row(
            folder=self.folder,
            name=run.name or self.folder.name,
            state=state,
            step=run.step,
            total=run.total,
            loss=run.losses[-1][1] if run.losses else None,
            best=best.loss if best else None,
            best_step=best.step if best else 0,
            seconds_left=run.seconds_left if state == "running" else None,
            message=run.message if state == "failed" else "",
            settings=self.settings,
            can_go_on=state in _CAN_GO_ON and newest_checkpoint(self.folder) is not None,
        )

    def _read(self) -> None:
        try:
            with (self.folder / "events.jsonl").open("rb") as file:
                file.seek(self.offset)
                added = file.read()
        except OSError:
            return
        complete = added[: added.rfind(b"\n") + 1]
        self.offset += len(complete)
        for event in read_events(_without_old_steps(complete.splitlines())):
            self.run.apply(event)
            if isinstance(event, Started):
                # Settings are written anew by each sitting.
                with suppress(SettingsError):
                    self.settings = read_settings_file(self.folder / "settings.json")


def _without_old_steps(lines: list[bytes]) -> list[bytes]:
    """Leave out steps that others follow: of a stretch, the last counts, and the last loss."""
    lines_left: list[bytes] = []
    last, read = b"", b""
    for line in lines:
        if line.startswith(_STEP):
            last = line
            read = read if _UNREAD in line else line
        else:
            lines_left += [part for part in dict.fromkeys((read, last)) if part] + [line]
            last, read = b"", b""
    return lines_left + [part for part in dict.fromkeys((read, last)) if part]
