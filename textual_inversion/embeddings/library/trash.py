"""What was deleted: moved to `.trash` in the embeddings folder, from where it can come back.

.trash/<time>-<number>/     the files, and deleted.json, which says where they belong
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.embeddings.library.adding import free_name
from textual_inversion.embeddings.library.beside import own_files
from textual_inversion.errors import EmbeddingError
from textual_inversion.names import nearest, strip_brackets
from textual_inversion.storage.atomic import write_whole

FOLDER = ".trash"
_NOTE = "deleted.json"
_MAX_NOTE_BYTES = 2**16


@dataclass(frozen=True)
class Deleted:
    """One deletion: the embedding's name, and its files, the embedding's own first."""

    name: str
    folder: Path
    place: str
    """The folder that they were in, within the embeddings folder."""
    files: tuple[str, ...]

    @property
    def when(self) -> str:
        """The local time, as YYYY-MM-DD HH:MM."""
        try:
            moment = time.strptime(self.folder.name[:15], "%Y%m%d-%H%M%S")
        except ValueError:
            return "at an unknown time"
        return time.strftime("%Y-%m-%d %H:%M", moment)


def put_away(root: Path, path: Path, *, name: str) -> Deleted:
    """Move a file and what lies beside it to the trash.

    Raises:
        OSError: One of them cannot be moved; what was moved is put back.
    """
    folder = root / FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{_fraction()}"
    files = [path, *own_files(path)]
    place = os.path.relpath(path.parent, root)
    deleted = Deleted(name, folder, place, tuple(file.name for file in files))
    note = {"name": name, "place": place, "files": deleted.files}
    # Before anything is moved, so that a crash in between leaves a way back.
    write_whole(folder / _NOTE, json.dumps(note, indent=2).encode())
    moved: list[Path] = []
    try:
        for file in files:
            shutil.move(file, folder / file.name)
            moved.append(file)
    except OSError:
        for file in moved:
            shutil.move(folder / file.name, file)
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return deleted


def contents(root: Path) -> list[Deleted]:
    """List what can come back, the latest first; what is damaged is left out."""
    folders = sorted((root / FOLDER).glob("*/"), reverse=True)
    return [found for folder in folders if (found := _read(folder)) is not None]


def put_back(root: Path, which: str = "") -> Path:
    """Move the files of a deletion back; return the embedding's path.

    Args:
        root: The embeddings folder.
        which: The embedding's name, of which the latest deletion counts, or the folder's in the
            trash; empty: the latest of all.

    Raises:
        EmbeddingError: There is none.
        OSError: A file cannot be moved.
    """
    listed = contents(root)
    wanted = strip_brackets(which)
    found = next(
        (one for one in listed if not wanted or wanted in {one.name, one.folder.name}), None
    )
    if found is None:
        near = nearest(wanted, (one.name for one in listed)) if wanted else ()
        advice = f"choose {' or '.join(near)}" if near else "there is nothing to undo"
        called = f" called {wanted!r}" if wanted else ""
        raise EmbeddingError(f"Nothing{called} was deleted from {root}; {advice}.")
    return _move_back(root, found)


def _move_back(root: Path, found: Deleted) -> Path:
    parent = root / found.place
    parent.mkdir(parents=True, exist_ok=True)
    old = Path(found.files[0])
    stem = free_name(old.stem, lambda stem: (parent / (stem + old.suffix)).exists())
    for name in found.files:
        target = parent / (stem + name.removeprefix(old.stem))
        if _lies_at(found.folder / name) and not _lies_at(target):
            shutil.move(found.folder / name, target)
    shutil.rmtree(found.folder)
    with contextlib.suppress(OSError):  # it holds more
        found.folder.parent.rmdir()
    return parent / (stem + old.suffix)


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
