"""Short hashes of base models, A1111's: the first ten hex digits of a file's SHA-256. Light.

Those that were computed are kept by path, size and time of change in
.textual-inversion/model_hashes.json, because a model of 4 GB takes seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path

from textual_inversion.errors import ModelError, StorageError
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import kept_file

_FILE = "model_hashes.json"
_MAX_BYTES = 2**22
_DIGITS = 10
_lock = threading.Lock()


def short_hash(model: Path) -> str:
    """Return the hash of a single file, or of a diffusers folder's UNet files one after another.

    Raises:
        ModelError: A file cannot be read.
    """
    if known := known_hash(model):
        return known
    stamp, digest = _stamp(model), hashlib.sha256()
    try:
        for path in _files(model):
            with path.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)  # goes on with what is hashed already
    except OSError as error:
        raise ModelError(f"The base model {model} cannot be read: {error.strerror}.") from None
    found = digest.hexdigest()[:_DIGITS]
    with _lock, contextlib.suppress(StorageError):  # without the file it is computed again
        kept = {path: value for path, value in _read().items() if Path(path).exists()}
        kept[str(model.absolute())] = [*stamp, found]
        write_whole(kept_file(_FILE), json.dumps(kept, indent=1).encode() + b"\n")
    return found


def known_hash(model: Path) -> str | None:
    """Return the hash if it was computed since the files changed, else None."""
    match _read().get(str(model.absolute())):
        case [size, time, str(found)] if [size, time] == _stamp(model):
            return found
        case _:
            return None


def _files(model: Path) -> Sequence[Path]:
    return [model] if model.is_file() else sorted((model / "unet").glob("*.safetensors"))


def _stamp(model: Path) -> list[int]:
    """Return the files' size in all, in bytes, and the latest time of change, in ns."""
    try:
        found = [path.stat() for path in _files(model)]
    except OSError:
        return [0, 0]
    size = sum(status.st_size for status in found)
    return [size, max((status.st_mtime_ns for status in found), default=0)]


def _read() -> dict[str, object]:
    path = kept_file(_FILE)
    try:
        if path.stat().st_size > _MAX_BYTES:
            return {}
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
