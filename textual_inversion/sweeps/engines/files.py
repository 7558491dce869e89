"""Files as values, so that they can be sent to another machine: packed here, written there."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.data.folder import list_pictures
from textual_inversion.data.latent_store import FOLDER as LATENTS
from textual_inversion.errors import DatasetError
from textual_inversion.images.folder import MASKS
from textual_inversion.storage.atomic import os_errors, write_whole
from textual_inversion.storage.paths import find_folder


@dataclass(frozen=True)
class File:
    """A file's path below a folder, with slashes, its bytes, and when it was changed."""

    path: str
    data: bytes
    modified_ns: int


def pack(folder: Path, paths: Iterable[Path]) -> tuple[File, ...]:
    """Read files that lie in a folder.

    Raises:
        StorageError: One of them cannot be read.
    """
    return tuple(_read(path, path.relative_to(folder).as_posix()) for path in paths)


def unpack(files: Iterable[File], folder: Path) -> None:
    """Write files below a folder, with the times that they had.

    Raises:
        StorageError: One of them cannot be written.
    """
    for file in files:
        path = folder / file.path
        write_whole(path, file.data)
        os.utime(path, ns=(file.modified_ns, file.modified_ns))


def pack_dataset(name: str) -> tuple[File, ...]:
    """Read what a training reads of a data set: pictures, captions, masks, and stored latents.

    Nothing is found where the folder is missing or empty; who trains on it says so.
    """
    folder = Path(name) if Path(name).exists() else find_folder(name)
    try:
        pictures = [path for path, _ in list_pictures(folder)]
    except (DatasetError, OSError):
        return ()
    beside = [
        other
        for picture in pictures
        for other in (
            picture.with_suffix(".txt"),
            *(picture.with_name(picture.stem + ending) for ending in MASKS),
        )
    ]
    latents = sorted((folder / LATENTS).glob("*.safetensors"))
    found = (path for path in (*pictures, *beside, *latents) if path.is_file())
    return pack(folder, dict.fromkeys(found))


def _read(path: Path, name: str) -> File:
    with os_errors(path, doing="read"):
        return File(name, path.read_bytes(), path.stat().st_mtime_ns)
