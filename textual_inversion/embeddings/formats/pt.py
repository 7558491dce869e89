"""Embeddings as torch files: .pt as A1111 writes them, .bin as diffusers and InvokeAI do.

Written in torch's legacy form, not as a zip: A1111 checks the names inside a zip, and refuses those
that torch has added since. Read with `weights_only=True` and nothing else, whatever the file says.
"""

from __future__ import annotations

import dataclasses
import io
import pickle
import struct
import threading
import warnings
import zipfile
from pathlib import Path
from typing import Any

import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import a1111
from textual_inversion.embeddings.formats.validation import checked_vectors
from textual_inversion.errors import EmbeddingError
from textual_inversion.storage import pickles
from textual_inversion.storage.atomic import write_whole

MAX_BYTES = pickles.EMBEDDING.unpacked_bytes  # the largest honest embedding has a few MB

_loading = threading.Lock()  # torch keeps the allowed names in a global

_CODE = ("GLOBAL", "Only persistent_load of storage")  # torch's words for calls that it refuses
_TOO_LARGE = "is not an embedding: it is too large for one, or its pickle exceeds the limits."
_DAMAGE_ERRORS = (
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
    """Write the embedding as A1111 does, or under the key of the diffusers file it came from.

    The name or key inside, which diffusers alone takes for the word, is in lower case: of a word
    with capitals and several vectors transformers 5 lets only the first into a prompt.
    """
    if embedding.key and len(embedding.vectors) == 1:
        write_whole(path, dumps({embedding.key.lower(): checked_vectors(embedding)[0]}))
        return
    lower = dataclasses.replace(embedding, name=embedding.name.lower())
    write_whole(path, dumps(a1111.as_dict(lower)))


def read(path: Path) -> list[Embedding]:
    """Read the embeddings from any torch file that holds some."""
    return a1111.from_dict(load(path), path)


def dumps(data: dict[str, Any]) -> bytes:
    """Serialize tensors and plain values in torch's legacy format, which every program reads."""
    buffer = io.BytesIO()
    torch.save(data, buffer, _use_new_zipfile_serialization=False)
    return buffer.getvalue()


def load(path: Path) -> object:
    """Unpickle a torch file of bounded size that asks for tensors and plain values only.

    Raises:
        EmbeddingError: It is too large, damaged, or asks for code.
    """
    if path.stat().st_size > MAX_BYTES:
        raise EmbeddingError(f"{path} {_TOO_LARGE}")
    try:
        data = pickles.checked_file(path.read_bytes())
        with _loading, warnings.catch_warnings(), torch.serialization.safe_globals(_allowed()):
            warnings.simplefilter("ignore")  # torch's advice is for whoever made the file
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except _DAMAGE_ERRORS as error:
        raise EmbeddingError(f"{path} {_complaint(error)}") from error


def loads_plainly(path: Path) -> bool:
    """Whether torch.load, as other programs call it, takes a file that `load` took.

    Neither a ParameterDict nor a number of numpy's is allowed there.
    """
    try:
        with _loading, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = io.BytesIO(pickles.checked_file(path.read_bytes()))
            torch.load(data, map_location="cpu", weights_only=True)
    except _DAMAGE_ERRORS:
        return False
    return True


def zip_names(path: Path) -> tuple[str, ...]:
    """List the members of torch's newer form, without their folder; the legacy one has none."""
    if not zipfile.is_zipfile(path):
        return ()
    with zipfile.ZipFile(path) as file:
        return tuple(name.partition("/")[2] for name in file.namelist())


def _allowed() -> list[Any]:
    """List the globals allowed besides torch's own: ParameterDict, and numpy's scalars.

    numpy's own functions would allocate any length that a file asks for.
    """
    scalars = [(_scalar, f"{module}.multiarray.scalar") for module in ("numpy.core", "numpy._core")]
    return [torch.nn.ParameterDict, *scalars, (_ScalarType, "numpy.dtype")]


class _ScalarType:
    """Replaces numpy.dtype for a scalar: a letter and the number of bytes."""

    def __init__(self, code: str = "", *_: object) -> None:
        self.format = {"i4": "<i", "i8": "<q", "f4": "<f", "f8": "<d"}[code]

    def __setstate__(self, state: object) -> None:
        """Ignore the state; scalars are read as little-endian."""


def _scalar(kind: _ScalarType, data: bytes) -> int | float:
    return struct.unpack(kind.format, data)[0]


def _complaint(error: BaseException) -> str:
    if isinstance(error, pickles.OverLimitError):
        return _TOO_LARGE
    names_code = isinstance(error, pickle.UnpicklingError) and any(
        sign in str(error) for sign in _CODE
    )
    if names_code or isinstance(error, pickles.CodeError):
        return (
            "contains Python code, which an embedding never needs, so it was not opened; download "
            "it as a .safetensors file instead."
        )
    return "is damaged or was not written by torch; download or save it again."
