"""The table of runs: every run folder of a log directory, whoever trained it, and how far it is.

Looked at once a second, so only what was added to a log since is read, and of its steps the last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from textual_inversion.errors import SettingsError
from textual_inversion.events import Evaluated, Failed, Finished, Started, Stepped, from_dict
from textual_inversion.knobs import walk
from textual_inversion.runfolder import is_running, newest_checkpoint
from textual_inversion.settings import TrainSettings, read_settings_file

State = Literal["running", "finished", "converged", "stopped", "failed", "interrupted"]
_ENDINGS: dict[str, State] = {"done": "finished", "converged": "converged", "stopped": "stopped"}
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


class RunTable:
    """Reads the runs of a log directory again and again."""

    def __init__(self, log_dir: Path) -> None:
        self.log_dir = log_dir
        self._readers: dict[Path, _Reader] = {}

    def rows(self, limit: int | None = None) -> list[Row]:
        """Give the newest runs, what is running first."""
        logs: list[tuple[float, Path]] = []
        for path in self.log_dir.glob("*/*/events.jsonl"):
            with suppress(OSError):
                logs.append((path.stat().st_mtime, path.parent))
        folders = [folder for _, folder in sorted(logs, reverse=True)][:limit]
        self._readers = {f: self._readers.get(f) or _Reader(f) for f in folders}
        rows = [reader.row() for reader in self._readers.values()]
        return sorted(rows, key=lambda row: row.state != "running")


def differing(rows: Sequence[Row]) -> list[str]:
    """Name the settings in which runs differ, in the order of their declaration."""
    return [
        knob.path
        for knob in walk(TrainSettings)
        if knob.path not in _NOT_COMPARED
        and len({json.dumps(row.settings.get(knob.path, knob.default)) for row in rows}) > 1
    ]


@dataclass
class _Reader:
    """Folds one run's log as it grows."""

    folder: Path
    offset: int = 0
    started: Started = field(default_factory=lambda: Started("", 0, 0))
    stepped: Stepped | None = None
    loss: float | None = None
    evaluations: list[Evaluated] = field(default_factory=list)
    end: Finished | Failed | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def row(self) -> Row:
        """Read what is new and say how the run stands."""
        self._read()
        step = self.end.step if self.end else self.stepped.step if self.stepped else 0
        best = min(self.evaluations, key=lambda read: read.loss, default=None)
        state = self._state()
        return Row(
            folder=self.folder,
            name=self.started.name or self.folder.name,
            state=state,
            step=step or self.started.step,
            total=self.started.total,
            loss=self.loss,
            best=best.loss if best else None,
            best_step=best.step if best else 0,
            seconds_left=self._seconds_left() if state == "running" else None,
            message=self.end.message if isinstance(self.end, Failed) else "",
            settings=self.settings,
            can_go_on=state in {"stopped", "failed", "interrupted"}
            and newest_checkpoint(self.folder) is not None,
        )

    def _state(self) -> State:
        if is_running(self.folder):
            return "running"
        if isinstance(self.end, Finished):
            return _ENDINGS.get(self.end.reason, "finished")
        return "failed" if self.end else "interrupted"

    def _seconds_left(self) -> float | None:
        if self.stepped is None or self.stepped.step <= self.started.step:
            return None
        each = self.stepped.seconds / (self.stepped.step - self.started.step)
        return each * (self.started.total - self.stepped.step)

    def _read(self) -> None:
        try:
            with (self.folder / "events.jsonl").open("rb") as file:
                file.seek(self.offset)
                added = file.read()
        except OSError:
            return
        whole = added[: added.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in _telling(whole.splitlines()):
            self._fold(line)

    def _fold(self, line: bytes) -> None:
        try:
            event = from_dict(json.loads(line))
        except ValueError:
            # A line that was being written when the machine went down.
            return
        match event:
            case Started():
                self._start(event)
            case Stepped():
                self.stepped = event
                self.loss = self.loss if event.loss is None else event.loss
            case Evaluated():
                self.evaluations.append(event)
            case Finished() | Failed():
                self.end = event
            case _:
                pass

    def _start(self, event: Started) -> None:
        self.started, self.stepped, self.end = event, None, None
        self.evaluations = [read for read in self.evaluations if read.step <= event.step]
        # Settings are written anew by each sitting.
        with suppress(SettingsError):
            self.settings = read_settings_file(self.folder / "settings.json")


def _telling(lines: list[bytes]) -> list[bytes]:
    """Leave out steps that others follow: of a stretch, the last counts, and the last loss."""
    kept: list[bytes] = []
    last, read = b"", b""
    for line in lines:
        if line.startswith(_STEP):
            last = line
            read = read if _UNREAD in line else line
        else:
            kept += [part for part in dict.fromkeys((read, last)) if part] + [line]
            last, read = b"", b""
    return kept + [part for part in dict.fromkeys((read, last)) if part]
