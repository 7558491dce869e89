"""Name prepared pictures and write them atomically."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from preprocessing.prepared import PreparedPicture, PreparedSet
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.images.decoding import path_text
from textual_inversion.storage.atomic import explain, write_whole

_MAX_STEM_BYTES = 200  # bytes; most file systems take 255 for the whole name
_STRANGE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]')  # what some file system or program trips over


@dataclass(frozen=True)
class Output:
    """The destination of a job, and its source."""

    destination: Path
    source: Path

    @property
    def debug_folder(self) -> Path:
        """The folder of debug images: beside the destination, so that none is trained on."""
        destination = Path(
            os.path.realpath(self.destination)
        )  # unlike Path.resolve, accepts a link to itself
        return destination.parent / f"{destination.name}-debug"

    def make(self) -> set[str]:
        """Create the destination if it is missing; return the names of its files."""
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
            raise StorageError(f"{destination} is a file or inside one; choose a folder.") from None
        except OSError as error:
            raise StorageError(explain(destination, error, doing="make the folder")) from error
        except ValueError as error:
            raise StorageError(
                f"The destination is not a valid path: {error}; choose another."
            ) from None

    def write(self, prepared: PreparedSet, *, number: int, picture: Path) -> tuple[str, ...]:
        """Write a picture's results; return the names of the files, pictures first."""
        names: list[str] = []
        for sub, one in enumerate(prepared.pictures):
            base = self._base(one, number=number, sub=sub, picture=picture)
            names += self._write(one, base)
        if prepared.debug_image:
            name = f"{number:05d}-{safe_stem(picture.stem)}.jpg"
            write_whole(self.debug_folder / name, prepared.debug_image)
        return tuple(names)

    def _base(self, one: PreparedPicture, *, number: int, sub: int, picture: Path) -> str:
        if one.extension:
            return f"{number:05d}-{sub}-{safe_stem(picture.stem)}"
        # A caption alone has the name of its picture, so that it can be put beside it.
        return picture.relative_to(self.source).with_suffix("").as_posix()

    def _write(self, one: PreparedPicture, base: str) -> list[str]:
        names: list[str] = []
        if one.extension:
            names.append(base + one.extension)
            write_whole(self.destination / names[0], one.data)
        if one.caption:
            names.append(f"{base}.txt")
            try:
                write_whole(self.destination / names[-1], f"{one.caption}\n".encode())
            except StorageError:
                # Without it, the picture would be trained on with the words of its file name.
                if one.extension:
                    (self.destination / names[0]).unlink(missing_ok=True)
                raise
        return names


def safe_stem(stem: str) -> str:
    """Replace what no file name should hold, and cut it to what every file system takes."""
    plain = _STRANGE.sub("_", stem)
    return plain.encode(errors="ignore")[:_MAX_STEM_BYTES].decode(errors="ignore")
