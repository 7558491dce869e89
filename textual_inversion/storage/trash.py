"""What was deleted: moved to `.trash` in a folder, from where it can come back.

.trash/<time>-<number>/     the files, and deleted.json, which says where they belong
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.names import free_name
from textual_inversion.storage.atomic import write_whole

FOLDER = ".trash"
_NOTE = "deleted.json"
_MAX_NOTE_BYTES = 2**16


@dataclass(frozen=True)
class Deleted:
    """One deletion: what it is called, and its files or folders, the one that counts first."""

    name: str
    folder: Path
    place: str
    """The folder that they were in, within the one that has the trash."""
    files: tuple[str, ...]

    @property
    def when(self) -> str:
        """The local time, as YYYY-MM-DD HH:MM."""
        try:
            moment = time.strptime(self.folder.name[:15], "%Y%m%d-%H%M%S")
        except ValueError:
            return "at an unknown time"
        return time.strftime("%Y-%m-%d %H:%M", moment)


def put_away(root: Path, paths: Sequence[Path], *, name: str) -> Deleted:
    """Move files or folders of one folder below `root` to its trash.

    Raises:
        OSError: One of them cannot be moved; what was moved is put back.
    """
    folder = root / FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{_fraction()}"
    place = os.path.relpath(paths[0].parent, root)
    deleted = Deleted(name, folder, place, tuple(path.name for path in paths))
    note = {"name": name, "place": place, "files": deleted.files}
    # Before anything is moved, so that a crash in between leaves a way back.
    write_whole(folder / _NOTE, json.dumps(note, indent=2).encode())
    moved: list[Path] = []
    try:
        for path in paths:
            shutil.move(path, folder / path.name)
            moved.append(path)
    except OSError:
        for path in moved:
            shutil.move(folder / path.name, path)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return deleted


def contents(root: Path) -> list[Deleted]:
    """List what can come back, the latest first; what is damaged is left out."""
    folders = sorted((root / FOLDER).glob("*/"), reverse=True)
    return [found for folder in folders if (found := _read(folder)) is not None]


def move_back(root: Path, found: Deleted) -> Path:
    """Move what was deleted back, numbered where its place is taken; return its path.

    Raises:
        OSError: A file cannot be moved.
    """
    parent = root / found.place
    parent.mkdir(parents=True, exist_ok=True)
    old = Path(found.files[0])
    is_folder = (found.folder / old).is_dir()
    plain, suffix = (old.name, "") if is_folder else (old.stem, old.suffix)
    names = [name for name in found.files if _lies_at(found.folder / name)]

    def target(stem: str, name: str) -> Path:
        return parent / (stem + name.removeprefix(plain))

    # A picture or a note of that name may lie there without what it belonged to.
    stem = free_name(plain, lambda stem: any(_lies_at(target(stem, name)) for name in names))
    for name in names:
        shutil.move(found.folder / name, target(stem, name))
    shutil.rmtree(found.folder)
    with contextlib.suppress(OSError):  # it holds more
        found.folder.parent.rmdir()
    return parent / (stem + suffix)


def _lies_at(path: Path) -> bool:
    """Whether there is a file or a link, even one to nowhere."""
    return os.path.lexists(path)


def _read(folder: Path) -> Deleted | None:
    """Read a deletion's note; None where it is damaged, or names files of another folder."""
    try:
        with (folder / _NOTE).open("rb") as file:
            note = json.loads(file.read(_MAX_NOTE_BYTES))
        name, place, files = str(note["name"]), str(note["place"]), tuple(map(str, note["files"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None
    is_inside = not Path(place).is_absolute() and ".." not in Path(place).parts
    plain = files and all(Path(file).name == file for file in files)
    is_there = bool(files) and _lies_at(folder / files[0])
    return Deleted(name, folder, place, files) if is_inside and plain and is_there else None


def _fraction() -> str:
    """Order the deletions of one second, and tell them apart."""
    return f"{time.time_ns() % 10**9:09}-{secrets.token_hex(2)}"
