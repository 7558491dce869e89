"""The manifest: which files in a destination were made from which source, to resume a job.

A JSON file in the destination has for each source picture the fingerprint of its content and of
the settings, its number, and its files. Without a readable one, everything is processed again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from textual_inversion.errors import DatasetError
from textual_inversion.images.files import MAX_BYTES, MAX_TEXT_BYTES, check_file
from textual_inversion.storage.atomic import write_whole

NAME = ".prepared.json"
_VERSION = 1  # to be increased when the same settings produce different pixels


Crop = tuple[float, float, float, float]
"""A box as shares of the upright picture: left, top, width, height."""


@dataclass(frozen=True)
class Entry:
    """The files of one source picture; `mark` is the fingerprint of their origin."""

    mark: str
    number: int
    files: tuple[str, ...]


@dataclass
class Manifest:
    """The entries of one destination, by the full path of their source."""

    folder: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    crops: dict[str, Crop] = field(default_factory=dict)
    """The crops chosen by hand, by the full path of their source."""
    _taken: set[int] = field(default_factory=set)
    _next: int = 0

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read the destination's manifest; one that is missing or damaged counts as empty."""
        try:
            stored = json.loads((folder / NAME).read_text(encoding="utf-8"))
            entries = {str(key): _entry(value) for key, value in stored["pictures"].items()}
            crops = {str(key): crop_from(box) for key, box in stored.get("crops", {}).items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, DatasetError):
            entries, crops = {}, {}
        return cls(folder, entries, crops, {entry.number for entry in entries.values()})

    def done(self, picture: Path, fingerprint: str) -> Entry | None:
        """Return a picture's entry if its fingerprint matches and all its files exist."""
        entry = self.entries.get(_key(picture))
        if entry is None or not fingerprint or entry.mark != fingerprint:
            return None
        all_exist = all((self.folder / name).is_file() for name in entry.files)
        return entry if all_exist else None

    def number(self, picture: Path) -> int:
        """Return a picture's number, else the first free one."""
        entry = self.entries.get(_key(picture))
        if entry:
            return entry.number
        while self._next in self._taken:
            self._next += 1
        return self._next

    def add(self, picture: Path, entry: Entry) -> set[str]:
        """Record an entry; return the names of older files that it did not replace."""
        old = self.entries.get(_key(picture))
        self.entries[_key(picture)] = entry
        self._taken.add(entry.number)
        return set(old.files) - set(entry.files) if old else set()

    def crop_of(self, picture: Path) -> Crop | None:
        """Return the crop that was chosen by hand for a picture."""
        return self.crops.get(_key(picture))

    def set_crop(self, picture: Path, crop: Crop | None) -> None:
        """Keep a crop for a picture; None leaves it to the settings again."""
        self.crops.pop(_key(picture), None)
        if crop:
            self.crops[_key(picture)] = crop

    def files_of(self, pictures: list[Path]) -> set[str]:
        """Return the top-level names in the folder that were made from these pictures."""
        known = (self.entries.get(_key(picture)) for picture in pictures)
        return {name.partition("/")[0] for entry in known if entry for name in entry.files}

    def save(self) -> None:
        """Write the manifest atomically."""
        pictures = {key: asdict(entry) for key, entry in self.entries.items()}
        stored = {"version": _VERSION, "pictures": pictures, "crops": self.crops}
        text = json.dumps(stored, indent=1)
        write_whole(self.folder / NAME, text.encode())


def crop_from(values: object) -> Crop:
    """Read a crop from outside; DatasetError when it is no box inside of the picture."""
    box = values if isinstance(values, list | tuple) else ()
    numbers = [float(one) for one in box if isinstance(one, int | float)]
    if len(numbers) != 4 or len(box) != 4 or not all(map(isfinite, numbers)):
        raise DatasetError("The crop is no box; drag it again.")
    left, top = (min(max(one, 0.0), 0.99) for one in numbers[:2])
    width, height = min(numbers[2], 1 - left), min(numbers[3], 1 - top)
    if min(width, height) < 0.01:
        raise DatasetError("The crop is too small; make it larger.")
    return left, top, width, height


def fingerprint(picture: Path, *, settings: str) -> str:
    """Hash what a result depends on: the picture, its caption, and the settings.

    Empty when a file cannot be read; processing the picture will report why.
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
        digest.update(b"\0")  # no caption differs from an empty one
    except DatasetError:
        return ""
    return digest.hexdigest()


def _key(picture: Path) -> str:
    return str(picture.absolute())


def _entry(value: dict[str, Any]) -> Entry:
    return Entry(str(value["mark"]), int(value["number"]), tuple(map(str, value["files"])))
