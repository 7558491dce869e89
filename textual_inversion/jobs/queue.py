"""The queue: trainings that wait, with their settings as they were when they were put there.

Each is a settings file in one folder, which the page and every `ti` share. Whoever begins to work
first works all of it off; the others only add. What a process leaves unfinished is put back.

<log directory>/queue/
    <position>-<id>.json     waits              <position>-<id>.working  is being trained
    <position>-<id>.failed   failed, and why    worker.lock              a process works
                                                adding.lock              one is being added
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from textual_inversion.errors import SettingsError, TextualInversionError, TrainingError
from textual_inversion.runs.folder import running_folders
from textual_inversion.settings import TrainSettings, read_settings_file
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.file_lock import FileLock, is_held, one_at_a_time
from textual_inversion.storage.paths import find_folder

State = Literal["waiting", "working", "failed"]
_ENDINGS: dict[str, State] = {".json": "waiting", ".working": "working", ".failed": "failed"}
_REASON = "reason"
_MOST_SECONDS = 10.0  # that another one takes to add a training
LOOK_EVERY_SECONDS = 0.5  # while a training of another process ends


@dataclass(frozen=True)
class Ticket:
    """One training of the queue; `problem` says why it failed, or why it cannot be read."""

    path: Path
    state: State
    settings: TrainSettings | None
    problem: str = ""

    @property
    def id(self) -> str:
        """The name that it keeps at every position and in every state."""
        return self.path.stem.partition("-")[2]

    @property
    def position(self) -> int:
        """Where it stands; only the order matters."""
        number = self.path.stem.partition("-")[0]
        return int(number) if number.isdigit() else 0

    @property
    def name(self) -> str:
        """The embedding that it trains; the file's name if its settings cannot be read."""
        return self.settings.embedding if self.settings else self.path.name


class Queue:
    """The folder of waiting trainings."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or find_folder("runs") / "queue"

    @property
    def is_worked(self) -> bool:
        """Whether a living process works the queue off."""
        return is_held(self._lock)

    def add_once(self, settings: TrainSettings) -> Ticket:
        """Put a training at the end; of threads and processes that add the same at once, one does.

        Raises:
            TrainingError: The same waits or runs already.
        """
        with one_at_a_time(self.folder / "adding.lock", wait_seconds=_MOST_SECONDS):
            if self.holds(settings):
                raise TrainingError(
                    f"The same training of {settings.embedding} waits or works already; see the "
                    "list of runs, or change a setting to add another one."
                )
            return self.add(settings)

    def add(self, settings: TrainSettings) -> Ticket:
        """Put a training at the end."""
        position = max((ticket.position for ticket in self.tickets()), default=0) + 1
        path = self.folder / f"{position:06d}-{secrets.token_hex(4)}.json"
        write_whole(path, _from_anywhere(settings).to_json().encode())
        return _read(path)

    def holds(self, settings: TrainSettings) -> bool:
        """Whether the same training waits or runs already, from the queue or not."""
        same = _from_anywhere(settings)
        queued = any(t.state != "failed" and t.settings == same for t in self.tickets())
        return queued or any(_is_trained_in(folder, same) for folder in _running())

    def tickets(self) -> list[Ticket]:
        """List all, the next one first."""
        if not self.folder.is_dir():
            return []
        paths = (path for path in self.folder.glob("[0-9]*-*") if path.suffix in _ENDINGS)
        found = [_read(path) for path in paths]
        # What cannot be read may have been taken away just now.
        there = [ticket for ticket in found if ticket.settings or ticket.path.exists()]
        return sorted(there, key=lambda ticket: (ticket.position, ticket.id))

    def waiting(self) -> list[Ticket]:
        """List what waits, the next one first."""
        return [ticket for ticket in self.tickets() if ticket.state == "waiting"]

    def unworked(self) -> list[Ticket]:
        """List what waits or has failed; what a process that is no more has left waits, too."""
        is_worked = self.is_worked
        return [
            replace(ticket, state="waiting") if ticket.state == "working" else ticket
            for ticket in self.tickets()
            if ticket.state != "working" or not is_worked
        ]

    def remove(self, ticket: str) -> None:
        """Take out what waits, has failed, or was left by a process that is no more."""
        is_worked = self.is_worked
        for found in self.tickets():
            if found.id == ticket and not (found.state == "working" and is_worked):
                found.path.unlink(missing_ok=True)

    def retry(self, ticket: str) -> None:
        """Put failed trainings back into the queue."""
        for found in self.tickets():
            if found.id == ticket and found.state == "failed" and found.settings:
                write_whole(found.path.with_suffix(".json"), found.settings.to_json().encode())
                found.path.unlink(missing_ok=True)

    def move(self, ticket: str, by: Literal[-1, 1]) -> None:
        """Exchange what waits with the one before or behind it."""
        waiting = self.waiting()
        ids = [found.id for found in waiting]
        index = ids.index(ticket) if ticket in ids else -1
        if index >= 0 and 0 <= index + by < len(waiting):
            one, other = waiting[index], waiting[index + by]
            _rename(one.path, self.folder / f"{other.position:06d}-{one.id}.json")
            _rename(other.path, self.folder / f"{one.position:06d}-{other.id}.json")

    def work_off(
        self, work: Callable[[TrainSettings], bool], *, ready: Callable[[], bool] = lambda: True
    ) -> bool:
        """Work one after another until none waits; False when another process does that.

        `ready` waits until the next may begin, `work` works it: an error makes it a failed one,
        and either returns False to let the rest, and what was begun, wait for another time.
        """
        while self.waiting():
            lock = FileLock.take(self._lock)
            if lock is None:
                return False
            with lock:
                if not self._work_all(work, ready):
                    return True
            # A process that added one just now found the lock held; so look again.
        return True

    def _work_all(self, work: Callable[[TrainSettings], bool], ready: Callable[[], bool]) -> bool:
        for left in self.tickets():
            if left.state == "working":
                _rename(left.path, left.path.with_suffix(".json"))
        while ready():
            ticket = self._take()
            if ticket is None:
                return True
            if not self._work(ticket, work):
                _rename(ticket.path, ticket.path.with_suffix(".json"))
                return False
        return False

    def _work(self, ticket: Ticket, work: Callable[[TrainSettings], bool]) -> bool:
        try:
            if ticket.settings is None:
                raise SettingsError(ticket.problem)
            if not work(ticket.settings):
                return False
        except TextualInversionError as error:
            stored = ticket.settings.model_dump(mode="json") if ticket.settings else {}
            text = json.dumps({**stored, _REASON: str(error)}, indent=2, ensure_ascii=False)
            write_whole(ticket.path.with_suffix(".failed"), text.encode())
        ticket.path.unlink(missing_ok=True)
        return True

    def _take(self) -> Ticket | None:
        for ticket in self.waiting():
            if _rename(ticket.path, ticket.path.with_suffix(".working")):
                return _read(ticket.path.with_suffix(".working"))
        return None

    @property
    def _lock(self) -> Path:
        return self.folder / "worker.lock"


def _from_anywhere(settings: TrainSettings) -> TrainSettings:
    """Name the pictures' folder so that a process that stands elsewhere finds it."""
    source = Path(settings.dataset_dir)
    found = {"dataset_dir": str(source.resolve())} if source.is_dir() else {}
    return settings.model_copy(update=found)


def _running() -> list[Path]:
    return running_folders(find_folder("runs"))


def _is_trained_in(folder: Path, settings: TrainSettings) -> bool:
    try:
        stored = TrainSettings.build(read_settings_file(folder / "settings.json"))
    except SettingsError:
        return False
    return _from_anywhere(stored) == settings


def _read(path: Path) -> Ticket:
    state, reason = _ENDINGS[path.suffix], ""
    try:
        stored = read_settings_file(path)
        reason = str(stored.pop(_REASON, ""))
        return Ticket(path, state, TrainSettings.build(stored), reason)
    except SettingsError as error:
        return Ticket(path, state, None, reason or str(error))


def _rename(old: Path, new: Path) -> bool:
    """Rename a ticket; False when somebody has just taken it away."""
    try:
        old.rename(new)
    except FileNotFoundError:
        return False
    return True
