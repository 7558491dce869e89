"""What a browser has uploaded, and the data set that it goes to.

An upload is asked about when its data set has pictures already: it waits here meanwhile.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path, PurePosixPath

from preprocessing.files.received import Received
from preprocessing.files.writer import safe_stem
from textual_inversion.errors import DatasetError
from textual_inversion.images.folder import pictures_in
from webui.folders.allowed import working_folder

MAX_FILE_BYTES = 2_000_000_000
_MOST_WAITING = 8
_HASH = re.compile(r"[0-9a-f]{64}")
_PLAIN = "pictures"


class Waiting:
    """Uploads that nobody has answered for yet; the oldest are given up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uploads: dict[str, tuple[list[Received], str]] = {}

    def keep(self, received: list[Received], name: str) -> str:
        """Keep an upload for the set `name`; return the token to ask for it."""
        token = secrets.token_hex(8)
        with self._lock:
            self._uploads[token] = (received, name)
            while len(self._uploads) > _MOST_WAITING:
                forget(self._uploads.pop(next(iter(self._uploads)))[0])
        return token

    def take(self, token: str) -> tuple[list[Received], str]:
        """Return an upload and the name of its set; DatasetError when it is not here any more."""
        with self._lock:
            if token not in self._uploads:
                raise DatasetError("These files are not here any more; add them again.")
            return self._uploads.pop(token)


def uploaded(files: object) -> list[Received]:
    """Read what a page says it has uploaded, as [[path, name], …].

    Only paths count that the upload itself can have given: a page may name any file.
    """
    listed = files if isinstance(files, list) else []
    pairs = [one for one in listed if isinstance(one, list) and len(one) == 2]
    received = [Received(Path(str(path)), str(name)) for path, name in pairs]
    if not received or not all(_is_uploaded(one.path) for one in received):
        raise DatasetError("The files did not arrive; add them again.")
    return received


def forget(received: Sequence[Received]) -> None:
    """Remove uploaded files, which were copied or are not wanted."""
    for folder in {one.path.parent for one in received}:
        shutil.rmtree(folder, ignore_errors=True)


def set_name(wanted: str, received: Sequence[Received]) -> str:
    """Choose the name of a data set: the one that was typed, or that of the folder or zip."""
    plain = safe_stem(wanted).strip(" .")
    if plain:
        return plain
    paths = [PurePosixPath(one.name) for one in received]
    first = {path.parts[0] if len(path.parts) > 1 else "" for path in paths}
    if len(first) == 1 and (folder := first.pop()):
        return safe_stem(folder).strip(" .") or _PLAIN
    is_zip = len(paths) == 1 and paths[0].suffix.lower() == ".zip"
    return (safe_stem(paths[0].stem).strip(" .") if is_zip else "") or _PLAIN


def set_folder(name: str) -> Path:
    """Return the folder of a data set, which need not exist."""
    return working_folder() / "datasets" / name


def free_name(name: str) -> str:
    """Put a number behind the name of a data set, so that there is none of that name yet."""
    numbered = (f"{name}-{number}" for number in count(2))
    return next(one for one in numbered if not set_folder(one).exists())


def num_pictures(folder: Path) -> int:
    """Count the pictures of a folder; 0 where there is none, or it cannot be read."""
    try:
        return len(pictures_in(folder))
    except DatasetError:
        return 0


def _is_uploaded(path: Path) -> bool:
    root = os.environ.get("GRADIO_TEMP_DIR", "")
    folder = path.parent
    is_there = bool(_HASH.fullmatch(folder.name)) and str(folder.parent) == root
    return is_there and ".." not in path.parts and path.is_file() and not path.is_symlink()
