"""Zip files of pictures: read member by member, within limits, and never into a path they name."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from textual_inversion.errors import DatasetError, printable

Stream = tuple[PurePosixPath, IO[bytes]]
_CHUNK_BYTES = 1_000_000
_MOST_DIRECTORY_BYTES = 32_000_000  # the list of members, which is read at once
_END_OF_DIRECTORY = b"PK\x05\x06"
_END_BYTES = 22
_LONGEST_COMMENT = 65_535
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, ValueError,
)  # fmt: skip


@dataclass
class Budget:
    """How many files and bytes may still be taken in; DatasetError when it is used up."""

    files: int
    num_bytes: int

    def take_file(self) -> None:
        """Count one more file."""
        self.files -= 1
        if self.files < 0:
            raise DatasetError("There are too many files; add them in smaller parts.")

    def take_bytes(self, count: int) -> None:
        """Count more bytes."""
        self.num_bytes -= count
        if self.num_bytes < 0:
            raise DatasetError(
                "The files are larger, all together, than what is taken at once; add them in "
                "smaller parts."
            )


def members(archive: Path, name: str, budget: Budget) -> Generator[Stream]:
    """Yield the path and the open stream of each file in a zip.

    Args:
        archive: Where it lies.
        name: What it is called in messages.
        budget: What it may hold; its list of files is counted before anything is read.

    Raises:
        DatasetError: It is damaged, encrypted, too much, or names a path outside of it.
    """
    if _directory_bytes(archive) > _MOST_DIRECTORY_BYTES:
        raise DatasetError(f"The zip {printable(name)} holds too many files; split it.")
    with _problems_of(name), zipfile.ZipFile(archive) as opened:
        listed = [info for info in opened.infolist() if not info.is_dir()]
        if len(listed) > budget.files:
            raise DatasetError(
                f"The zip {printable(name)} holds {len(listed):,} files, more than the "
                f"{budget.files:,} that are taken at once; split it."
            )
        paths = [_inside(info.filename, name) for info in listed]
        for info, path in zip(listed, paths, strict=True):
            with opened.open(info) as stream:
                yield path, stream


def copy_within(stream: IO[bytes], target: Path, budget: Budget) -> None:
    """Copy a stream to a new file; what its header says of its length is not believed."""
    with target.open("xb") as file:
        while chunk := stream.read(_CHUNK_BYTES):
            budget.take_bytes(len(chunk))
            file.write(chunk)


@contextmanager
def _problems_of(name: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # "password required for extraction"
        if "password" not in str(error):
            raise
        raise DatasetError(
            f"The zip {printable(name)} is encrypted; unpack it first, or make one without a "
            "password."
        ) from None
    except _DAMAGE as error:
        if isinstance(error, DatasetError):
            raise
        sentence = f"The zip {printable(name)} is damaged ({error}); make it anew."
        raise DatasetError(sentence) from None


def _inside(member: str, name: str) -> PurePosixPath:
    path = PurePosixPath(member.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        raise DatasetError(
            f"The zip {printable(name)} names {printable(member)}, a place outside of it; nothing "
            "was taken from it."
        )
    return path


def _directory_bytes(archive: Path) -> int:
    """Read how long the list of members is (APPNOTE 4.3.16), before it is read into memory."""
    with archive.open("rb") as file:
        length = file.seek(0, 2)
        file.seek(max(length - _END_BYTES - _LONGEST_COMMENT, 0))
        end = file.read()
    place = end.rfind(_END_OF_DIRECTORY)
    return int.from_bytes(end[place + 12 : place + 16], "little") if place >= 0 else 0
