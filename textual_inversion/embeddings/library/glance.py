"""What most embedding files hold, read without torch in a tenth of a millisecond.

Understands files of one embedding as A1111, diffusers, kohya and this program write them, their
numbers checked for NaN like everywhere. Of any other file nothing is said, and it is read in full.

n vectors, width numbers each.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from typing import Any, cast

import numpy as np

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.labels import labelled, with_metadata
from textual_inversion.embeddings.formats.naming import name_of
from textual_inversion.embeddings.formats.sets import TensorSet, find_sets
from textual_inversion.embeddings.formats.shapes import SDXL_KEYS
from textual_inversion.embeddings.library.entry import Summary
from textual_inversion.errors import EmbeddingError
from textual_inversion.storage.plain_pickles import Outline, Storage, UnusualError, read

_MAX_BYTES = 2**20
_KINDS = {"FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16"}
_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
_MAGIC = 0x1950A86A20F9469CFC6C
# What every file in torch's legacy form begins with: a mark, a version, the sizes of C's types.
_LEGACY = b"".join(
    pickle.dumps(value, protocol=2)
    for value in (
        _MAGIC,
        1001,
        {
            "protocol_version": 1001,
            "little_endian": True,
            "type_sizes": {"short": 2, "int": 4, "long": 4},
        },
    )
)
_ZIP = b"PK\x03\x04"

Numbers = dict[str, tuple[str, bytes]]
"""The bytes of each storage, and their type as .safetensors calls it."""

# What reading says of a file that is not as these programs write it: the full reading explains it.
_NOT_PLAIN = (
    *(UnusualError, EmbeddingError, ValueError, LookupError, TypeError, AttributeError),
    *(ArithmeticError, RecursionError, zipfile.BadZipFile),
)


def glance(path: Path) -> Summary | None:
    """Summarize a file; None where that takes reading it in full."""
    suffix = path.suffix.lower()
    if suffix not in {".pt", ".bin", ".safetensors"}:
        return None
    data = _read_small(path)
    if not data:
        return None
    try:
        one = _safetensors(data, path) if suffix == ".safetensors" else _torch(data, path)
    except _NOT_PLAIN:
        return None
    name = name_of(path, one, 1)
    return Summary.of(one if one.name == name else dataclasses.replace(one, name=name))


def _read_small(path: Path) -> bytes:
    """Read a file of a usual size in one call; nothing of a larger one, or of a pipe or device."""
    size = path.stat().st_size  # of what is no regular file this is 0
    if not 0 < size <= _MAX_BYTES:
        return b""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        return os.read(handle, size)
    finally:
        os.close(handle)


def _safetensors(data: bytes, path: Path) -> Embedding:
    length = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    if not all(isinstance(text, str) for text in metadata.values()):
        raise UnusualError
    body, end, arrays = data[8 + length :], 0, {}
    for key, tensor in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        start, stop = tensor["data_offsets"]
        shape, dtype = tuple(tensor["shape"]), tensor["dtype"]
        if start != end or stop - start != prod(shape) * _BYTES[dtype]:
            raise UnusualError
        arrays[key] = _finite(body[start:stop], dtype, shape)
        end = stop
    if end != len(body):
        raise UnusualError
    return _embedding(arrays, metadata, path, is_torch=False)


def _torch(data: bytes, path: Path) -> Embedding:
    values, numbers = _zip(data) if data.startswith(_ZIP) else _legacy(data)
    if not isinstance(values, dict):
        raise UnusualError
    params = values.get("string_to_param")
    tensors = values if params is None else params
    arrays = {
        "*" if params is not None else key: _array(value, numbers)
        for key, value in tensors.items()
        if isinstance(value, Outline)
    }
    if params is not None and len(params) != 1:
        raise UnusualError
    return _embedding(arrays, values, path, is_torch=True)


def _embedding(
    arrays: dict[str, np.ndarray], labels: Mapping[str, Any], path: Path, *, is_torch: bool
) -> Embedding:
    """Make the embedding as the full readers do; its vectors have only their shapes."""
    if len(arrays) != 1 and set(arrays) != set(SDXL_KEYS):
        raise UnusualError
    found = _set_of(tuple((key, array.shape) for key, array in arrays.items()))
    stored = [arrays[key] for (key,) in found.encoders]
    rows = [one if one.ndim == 2 else one[None] for one in stored]  # (n, width) each
    if len({len(one) for one in rows}) != 1:
        raise UnusualError
    vectors = cast("Any", tuple(rows))
    make = labelled if is_torch else with_metadata
    return make(found, vectors, labels, path)


@lru_cache(maxsize=1024)
def _set_of(shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> TensorSet:
    """Find the one embedding among tensors of these keys and shapes, which many files share."""
    (found,) = find_sets(dict(shapes), Path())
    return found


def _legacy(data: bytes) -> tuple[Any, Numbers]:
    """Read torch's legacy form: contents, keys of storages, then each one's length and numbers."""
    if not data.startswith(_LEGACY):
        raise UnusualError
    storages: dict[str, Storage] = {}
    values, at = read(data, len(_LEGACY), storages)
    keys, at = read(data, at, {})
    numbers: Numbers = {}
    for key in keys:
        dtype = _KINDS[storages[key].kind]
        stop = at + 8 + storages[key].size * _BYTES[dtype]
        if int.from_bytes(data[at : at + 8], "little") != storages[key].size or stop > len(data):
            raise UnusualError
        numbers[key] = dtype, data[at + 8 : stop]
        at = stop
    return values, numbers


def _zip(data: bytes) -> tuple[Any, Numbers]:
    """Read torch's newer form: a zip with the contents and a record for each storage."""
    storages: dict[str, Storage] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        records = dict(_records(archive))
    values, _ = read(records["data.pkl"], 0, storages)
    if records.get("byteorder", b"little") != b"little":
        raise UnusualError
    numbers: Numbers = {}
    for key, storage in storages.items():
        dtype, record = _KINDS[storage.kind], records[f"data/{key}"]
        if len(record) != storage.size * _BYTES[dtype]:
            raise UnusualError
        numbers[key] = dtype, record
    return values, numbers


def _records(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    for info in archive.infolist():
        if info.compress_type != zipfile.ZIP_STORED or info.file_size > _MAX_BYTES:
            raise UnusualError
        yield info.filename.partition("/")[2], archive.read(info)


def _array(outline: Outline, numbers: Numbers) -> np.ndarray:
    dtype, data = numbers[outline.storage.key]
    start = outline.offset * _BYTES[dtype]
    stop = start + prod(outline.shape) * _BYTES[dtype]
    return _finite(data[start:stop], dtype, outline.shape)


def _finite(data: bytes, dtype: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of a tensor's shape, its numbers checked and as they are stored."""
    if dtype == "BF16":  # numpy has none; its bits are the upper half of an fp32 number's
        stored = np.frombuffer(data, "<u2")
        is_finite = (stored & 0x7F80) != 0x7F80
    else:
        stored = np.frombuffer(data, "<f4" if dtype == "F32" else "<f2")
        is_finite = np.isfinite(stored)
    if not is_finite.all():
        raise UnusualError
    return stored.reshape(shape)
