"""What comes back from nodes is put where a training here would have put it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from textual_inversion.embeddings.library import Library
from textual_inversion.events import Event, to_dict
from textual_inversion.runs.folder import (
    LOG,
    is_own_file,
    new_run_folder,
    newest_checkpoint,
    run_key,
    working_in,
)
from textual_inversion.runs.state import read_events
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.engines.files import File, pack, unpack
from textual_inversion.sweeps.engines.messages import EMBEDDINGS, RUNS, Parcel

_SETTINGS = "settings.json"
# The fields of events that hold paths.
_PATHS = ("folder", "path")


class Returned:
    """Run folders and embeddings of this machine, kept as the nodes have them.

    `folders` are those of runs that have begun, by name; each is locked while its run is trained
    elsewhere, so that its state is shown as running.
    """

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = dict(folders)
        self._there: dict[str, str] = {}
        self._locks: dict[str, ExitStack] = {}

    def files_of(self, run: TrainSettings) -> tuple[File, ...]:
        """Pack what a run goes on from: its embedding, and its folder if it has a checkpoint."""
        files: tuple[File, ...] = ()
        library = Library(find_folder(EMBEDDINGS))
        if entry := library.find(run.embedding):
            files += _below(EMBEDDINGS, pack(Path(library.folder), [entry.path]))
        folder = self._folders.get(run.embedding)
        if folder and newest_checkpoint(folder):
            there = f"{RUNS}/{run_key(folder)}"
            self._there[run.embedding] = there
            paths = [path for path in folder.rglob("*") if path.is_file() and is_own_file(path)]
            files += _below(there, pack(folder, paths))
        return files

    def take(self, run: TrainSettings, parcel: Parcel) -> None:
        """Write what a parcel holds.

        Raises:
            StorageError: A file cannot be written.
        """
        folder = self._folder_for(run, parcel)
        here = [path for path in folder.rglob("*") if path.is_file() and is_own_file(path)]
        for path in here:
            if path.relative_to(folder).as_posix() not in parcel.names:
                path.unlink(missing_ok=True)
        inside, outside = _split(parcel.files, f"{parcel.folder}/")
        unpack((self._written_here(run, file) for file in inside), folder)
        if any(file.path == _SETTINGS for file in inside):
            write_whole(folder / _SETTINGS, run.to_json().encode())
        saved, _ = _split(outside, f"{EMBEDDINGS}/")
        unpack(saved, find_folder(EMBEDDINGS))

    def event_here(self, run: str, event: Event) -> Event:
        """Return an event with the paths of this machine."""
        values = vars(event)
        moved = {key: self._moved(run, values[key]) for key in _PATHS if key in values}
        return replace(event, **moved)

    def leave(self, run: str) -> None:
        """Give the lock of a run's folder back."""
        if run in self._locks:
            self._locks.pop(run).close()

    def close(self) -> None:
        """Give all locks back."""
        for run in [*self._locks]:
            self.leave(run)

    def _folder_for(self, run: TrainSettings, parcel: Parcel) -> Path:
        name = run.embedding
        known = self._folders.get(name)
        if known is None or not self._is_same(name, known, parcel):
            self.leave(name)
            known = self._folders[name] = new_run_folder(find_folder(run.log_dir), name)
        self._there[name] = parcel.folder
        if name not in self._locks:
            self._locks[name] = ExitStack()
            self._locks[name].enter_context(working_in(known))
        return known

    def _is_same(self, name: str, known: Path, parcel: Parcel) -> bool:
        """Whether a run goes on in its folder, or begins again where nothing was saved."""
        return self._there.get(name) == parcel.folder or (
            name in self._there and newest_checkpoint(known) is None
        )

    def _written_here(self, run: TrainSettings, file: File) -> File:
        if file.path != LOG:
            return file
        events = read_events(file.data.splitlines())
        moved = (self.event_here(run.embedding, event) for event in events)
        lines = "".join(f"{json.dumps(to_dict(event))}\n" for event in moved)
        return replace(file, data=lines.encode())

    def _moved(self, run: str, path: str) -> str:
        there, here = self._there.get(run, ""), self._folders.get(run)
        if there and here and (path == there or path.startswith(f"{there}/")):
            return str(here) + path[len(there) :]
        if path.startswith(f"{EMBEDDINGS}/"):
            return str(find_folder(EMBEDDINGS) / path.removeprefix(f"{EMBEDDINGS}/"))
        return path


def _below(folder: str, files: Iterable[File]) -> tuple[File, ...]:
    return tuple(replace(file, path=f"{folder}/{file.path}") for file in files)


def _split(files: Iterable[File], prefix: str) -> tuple[list[File], list[File]]:
    """Part the files of a folder, with their paths in it, from all others."""
    inside, outside = list[File](), list[File]()
    for file in files:
        if file.path.startswith(prefix):
            inside.append(replace(file, path=file.path.removeprefix(prefix)))
        else:
            outside.append(file)
    return inside, outside
