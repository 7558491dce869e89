"""Embeddings as torch files: .pt as A1111 writes them, .bin as diffusers and InvokeAI do.

Written in torch's legacy form, not as a zip: A1111 checks the names inside a zip, and refuses those
that torch has added since. Read with `weights_only=True` and nothing else, whatever the file says.
"""

from __future__ import annotations

import io
import pickle
import struct
import threading
import zipfile
from pathlib import Path
from typing import Any

import torch

from textual_inversion.errors import EmbeddingError
from textual_inversion.files import a1111
from textual_inversion.files.embedding import Embedding
from textual_inversion.files.storage import write_whole
from textual_inversion.files.tensors import plain

MAX_BYTES = 128 * 2**20  # also once unpacked; the largest honest embedding has a few MB

_ALLOWED: list[Any] = [torch.nn.ParameterDict]  # what early files wrap their one tensor in
_loading = threading.Lock()  # torch keeps the allowed names in a global

_CODE = ("GLOBAL", "Only persistent_load of storage")  # torch's words for what it will not call
_DAMAGE = (
    pickle.UnpicklingError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
)


def write(path: Path, embedding: Embedding) -> None:
    """Write the embedding as A1111 does, or under the key that diffusers' file had for it."""
    if embedding.key and len(embedding.vectors) == 1:
        write_whole(path, dumps({embedding.key: plain(embedding)[0]}))
    else:
        write_whole(path, dumps(a1111.as_dict(embedding)))


def read(path: Path) -> Embedding:
    """Read an embedding from any torch file that holds one."""
    return a1111.from_dict(_load(path), path)


def dumps(data: dict[str, Any]) -> bytes:
    """Pickle tensors and plain values in torch's legacy form, which every reader takes."""
    buffer = io.BytesIO()
    torch.save(data, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def _load(path: Path) -> object:
    try:
        data = path.read_bytes() if _unpacked_size(path) <= MAX_BYTES else None
        if data is None:
            raise EmbeddingError(f"{path} is not an embedding: it is far too large for one.")
        with _loading, torch.serialization.safe_globals(_ALLOWED):
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except _DAMAGE as error:
        raise EmbeddingError(f"{path} {_complaint(error)}") from error


def _unpacked_size(path: Path) -> int:
    size = path.stat().st_size
    if size <= MAX_BYTES and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size += sum(entry.file_size for entry in archive.infolist())
    return size


def _complaint(error: BaseException) -> str:
    if isinstance(error, pickle.UnpicklingError) and any(sign in str(error) for sign in _CODE):
        return (
            "asks for Python code to run, which an embedding never needs, so it was not opened; "
            "get it as a .safetensors file instead."
        )
    return "is damaged or was not written by torch; download or save it again."
