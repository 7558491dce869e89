"""Where prepared pictures go: their names, and one whole file after another."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from preprocessing.prepared import Made, Prepared
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.images.decoding import path_text
from textual_inversion.storage.atomic import explain, write_whole

_LONGEST_STEM = 200  # bytes; most file systems take 255 for the whole name
_STRANGE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # what some file system or program trips over


@dataclass(frozen=True)
class Output:
    """The destination of a job, and the source it is for."""

    destination: Path
    source: Path

    @property
    def drawings(self) -> Path:
        """Give the folder of drawings: beside the destination, so that none is trained on."""
        destination = Path(os.path.realpath(self.destination))  # bears a link to itself
        return destination.parent / f"{destination.name}-debug"

    def make(self) -> set[str]:
        """Make the destination if it is missing; name the files it already has."""
        destination = self.destination
        try:
            if destination.is_dir() and destination.samefile(self.source):
                raise DatasetError(
                    f"Source and destination are the same folder, {path_text(self.source)}; choose "
                    "another destination."
                )
            destination.mkdir(parents=True, exist_ok=True)
            entries = [e for e in destination.iterdir() if not e.name.startswith(".")]
            return {entry.name for entry in entries if not entry.is_dir()}
        except (FileExistsError, NotADirectoryError):
            raise StorageError(f"{destination} is or lies under a file; name a folder.") from None
        except OSError as error:
            raise StorageError(explain(destination, error, doing="make the folder")) from error
        except ValueError as error:
            raise StorageError(f"The destination is no usable path: {error}.") from None

    def write(self, made: Made, *, number: int, picture: Path) -> tuple[str, ...]:
        """Write what a picture became; give the names of the files, the first picture first."""
        names: list[str] = []
        for sub, one in enumerate(made.pictures):
            base = self._base(one, number=number, sub=sub, picture=picture)
            names += self._write(one, base)
        if made.drawing:
            write_whole(self.drawings / f"{number:05d}-{_stem(picture)}.jpg", made.drawing)
        return tuple(names)

    def _base(self, one: Prepared, *, number: int, sub: int, picture: Path) -> str:
        if one.extension:
            return f"{number:05d}-{sub}-{_stem(picture)}"
        # A caption alone is named like its picture, to be put beside it.
        return picture.relative_to(self.source).with_suffix("").as_posix()

    def _write(self, one: Prepared, base: str) -> list[str]:
        names: list[str] = []
        if one.extension:
            names.append(base + one.extension)
            write_whole(self.destination / names[0], one.data)
        if one.caption:
            names.append(f"{base}.txt")
            try:
                write_whole(self.destination / names[-1], f"{one.caption}\n".encode())
            except StorageError:
                # Without its caption a picture would be trained on with the wrong words.
                if one.extension:
                    (self.destination / names[0]).unlink(missing_ok=True)
                raise
        return names


def _stem(picture: Path) -> str:
    plain = _STRANGE.sub("_", picture.stem)
    return plain.encode(errors="ignore")[:_LONGEST_STEM].decode(errors="ignore")
