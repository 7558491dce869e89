"""What a destination already holds of which source, so that a job can go on where it was.

A small file in the destination names for each source picture the mark of its content and of the
settings, its number, and the files made of it. It is written whole, and read leniently: without it
everything is simply done again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from textual_inversion.errors import DatasetError
from textual_inversion.images.files import MAX_BYTES, MAX_TEXT_BYTES, check_file
from textual_inversion.storage.atomic import write_whole

NAME = ".prepared.json"
_VERSION = 1  # grows when the same settings come to mean other pixels


@dataclass(frozen=True)
class Entry:
    """What was made of one source picture."""

    mark: str
    number: int
    files: tuple[str, ...]


@dataclass
class Manifest:
    """The entries of one destination, by the full path of their source."""

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)
    _next: int = 0

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the destination's manifest; one that is missing or damaged counts as empty."""
        try:
            stored = json.loads((folder / NAME).read_text(encoding="utf-8"))
            entries = {str(key): _entry(value) for key, value in stored["pictures"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            entries = {}
        return cls(folder, entries, {entry.number for entry in entries.values()})

    def done(self, picture: Path, mark: str) -> Entry | None:
        """Give what was made of a picture of this very mark, if all of it is still there."""
        entry = self.entries.get(_key(picture))
        if entry is None or not mark or entry.mark != mark:
            return None
        there = all((self.folder / name).is_file() for name in entry.files)
        return entry if there else None

    def number(self, picture: Path) -> int:
        """Give the number a picture had, else the first that is free."""
        known = self.entries.get(_key(picture))
        if known:
            return known.number
        while self._next in self._taken:
            self._next += 1
        return self._next

    def add(self, picture: Path, entry: Entry) -> set[str]:
        """Take down what was made; give the names of older files that it did not replace."""
        old = self.entries.get(_key(picture))
        self.entries[_key(picture)] = entry
        self._taken.add(entry.number)
        return set(old.files) - set(entry.files) if old else set()

    def files_of(self, pictures: list[Path]) -> set[str]:
        """Name what lies in the folder that was made of these pictures: files, or their folders."""
        known = (self.entries.get(_key(picture)) for picture in pictures)
        return {name.partition("/")[0] for entry in known if entry for name in entry.files}

    def save(self) -> None:
        """Write the manifest."""
        pictures = {key: asdict(entry) for key, entry in self.entries.items()}
        text = json.dumps({"version": _VERSION, "pictures": pictures}, indent=1)
        write_whole(self.folder / NAME, text.encode())


def mark(picture: Path, *, settings: str) -> str:
    """Hash what a result depends on: the file, the text beside it, and the settings.

    Empty when the file or its text cannot be read; whoever opens them says why.
    """
    text = picture.with_suffix(".txt")
    digest = hashlib.sha256(f"{_VERSION}\n{settings}\n".encode())
    try:
        check_file(picture, what="Picture", max_bytes=MAX_BYTES)
        with picture.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    except (OSError, DatasetError):
        return ""
    try:
        check_file(text, what="Caption", max_bytes=MAX_TEXT_BYTES)
        digest.update(text.read_bytes())
    except OSError:
        digest.update(b"\0")  # no text is not an empty text
    except DatasetError:
        return ""
    return digest.hexdigest()


def _key(picture: Path) -> str:
    return str(picture.absolute())


def _entry(value: dict[str, Any]) -> Entry:
    return Entry(str(value["mark"]), int(value["number"]), tuple(map(str, value["files"])))
