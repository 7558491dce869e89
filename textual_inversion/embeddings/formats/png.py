"""Embeddings as pictures, A1111's way: in a text chunk and, once more, in the pixels.

The chunk `sd-ti-embedding` is base64 of JSON; the pixels hold the same JSON in zlib, level 9. Both
equal what A1111 writes for the same dict because the JSON does: Python's default separators, its
order of keys, each number the shortest text of the fp32 value as a double. The zlib stream is the
same with the same zlib (zlib-ng packs otherwise; every reader takes either). Only the caption
differs to the eye, by its font.
"""

from __future__ import annotations

import base64
import io
import json
import struct
import warnings
import zlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, PngImagePlugin

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import a1111, png_pixels
from textual_inversion.embeddings.formats.png_overlay import caption
from textual_inversion.errors import EmbeddingError
from textual_inversion.storage.atomic import write_whole

CHUNK = "sd-ti-embedding"
MAX_PIXELS = 2**23  # SDXL's 75 vectors beside 2048 x 2048 pixels are 6.6 million
MAX_LISTS = 5_000
MAX_JSON_BYTES = 8 * 2**20  # 75 vectors of SDXL's two widths take 3.5 MB

_FORMATS = ("PNG", "WEBP", "AVIF", "JXL")  # never more: Pillow's EPS reader starts a program
_TENSOR = "TORCHTENSOR"


class PlainPictureError(EmbeddingError):
    """A picture without an embedding: most likely a preview."""


def embed(picture: Image.Image, embedding: Embedding) -> Image.Image:
    """Return the picture with its caption and, at its sides, the embedding in pixels."""
    return _embed(picture, embedding, _dumps(embedding))


def write(
    path: Path,
    picture: Image.Image,
    embedding: Embedding,
    *,
    text: Mapping[str, str] | None = None,
) -> None:
    """Write a PNG that is the embedding too, by chunk and by pixels.

    Args:
        path: Where to; the content is PNG whatever the extension.
        picture: What to show.
        embedding: What to hide.
        text: Further text chunks, such as `parameters`.
    """
    data = _dumps(embedding)
    chunks = PngImagePlugin.PngInfo()
    for key, value in (text or {}).items():
        chunks.add_text(key, value)
    chunks.add_text(CHUNK, base64.b64encode(data).decode())
    buffer = io.BytesIO()
    _embed(picture, embedding, data).save(buffer, "PNG", pnginfo=chunks)
    write_whole(path, buffer.getvalue())


def read(path: Path) -> list[Embedding]:
    """Read the embedding in a picture, from its chunk or else from its pixels.

    Raises:
        PlainPictureError: The picture has no embedding.
        EmbeddingError: The file cannot be read, or its embedding is damaged.
    """
    return a1111.from_dict(content(path), path)


def content(path: Path) -> object:
    """Read what a picture carries, as `read` does, but as the values that were stored."""
    picture = _open(path)
    chunk = picture.info.get(CHUNK)
    data = _from_chunk(chunk, path) if isinstance(chunk, str) else _from_pixels(picture, path)
    if data.count(b"[") > MAX_LISTS or data.count(b"{") > MAX_LISTS:
        raise EmbeddingError(
            f"{path} holds more lists than an embedding can have; download it again."
        )
    try:
        return json.loads(data, object_hook=_decode_tensor)
    except (ValueError, TypeError, RuntimeError, ArithmeticError) as error:
        raise EmbeddingError(f"{path} holds a damaged embedding; get it again.") from error


def _embed(picture: Image.Image, embedding: Embedding, data: bytes) -> Image.Image:
    footers = (
        embedding.base_model or "",
        f"[{embedding.base_model_hash}]" if embedding.base_model_hash else "",
        f"{embedding.num_vectors}v {embedding.step}s",
    )
    captioned = caption(picture, f"<{embedding.name}>", footers)
    # A1111 cuts off black margins before it reads, a row of which would be some of the blocks'.
    captioned = captioned.point([1, *range(1, 256)] * 3)
    return png_pixels.add_blocks(captioned, zlib.compress(data, 9), shades(embedding))


def shades(embedding: Embedding) -> np.ndarray:
    """Return the grey levels (at most 1024, uint8) of the circles, from the first vector."""
    sizes = embedding.vectors[0][0, :1024].detach().cpu().double().abs().numpy()
    return (sizes / (sizes.max() or 1) * 255).astype(np.uint8)


def _dumps(embedding: Embedding) -> bytes:
    return json.dumps(a1111.as_dict(embedding), default=_encode_tensor, allow_nan=False).encode()


def _encode_tensor(value: torch.Tensor) -> dict[str, Any]:
    return {_TENSOR: value.tolist()}


def _decode_tensor(value: dict[str, Any]) -> object:
    if _TENSOR not in value:
        return value
    return torch.tensor(value[_TENSOR], dtype=torch.float64).to(torch.float32)


def _open(path: Path) -> Image.Image:
    if path.suffix.lower() == ".jxl" and "JXL" not in _formats():
        raise EmbeddingError(
            f"{path} is a JPEG XL picture, which Pillow opens only with a plugin; install it with "
            "pip install pillow-jxl-plugin, or save the picture as PNG."
        )
    try:
        formats = _formats()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(path, formats=formats)
            with picture:
                return _with_pixels(picture, path)
    except Image.DecompressionBombError as error:
        raise EmbeddingError(f"{path} is too large a picture to hold an embedding.") from error
    except (OSError, SyntaxError, ValueError, struct.error) as error:
        raise EmbeddingError(f"{path} cannot be opened as a picture: {error}.") from error


@cache
def _formats() -> list[str]:
    """List the formats that can be opened here; JPEG XL comes with a plugin for Pillow."""
    Image.init()
    with suppress(ImportError):
        import_module("pillow_jxl")
    return [name for name in _FORMATS if name in Image.OPEN]


def _with_pixels(picture: Image.Image, path: Path) -> Image.Image:
    """Decode the pixels, unless the text chunk has the embedding."""
    if CHUNK in picture.info:
        return picture
    if picture.width * picture.height > MAX_PIXELS:
        raise EmbeddingError(f"{path} is too large a picture to hold an embedding.")
    picture.load()
    return picture


def _from_chunk(chunk: str, path: Path) -> bytes:
    if len(chunk) > MAX_JSON_BYTES * 4 / 3:
        raise EmbeddingError(
            f"{path} holds more text than an embedding can have; download it again."
        )
    try:
        return base64.b64decode(chunk, validate=True)
    except ValueError as error:
        raise EmbeddingError(f"{path} holds a damaged embedding; download it again.") from error


def _from_pixels(picture: Image.Image, path: Path) -> bytes:
    pixels = np.asarray(picture.convert("RGB"))  # (H, W, 3)
    # Cutting margins first, as A1111 does, can cut a row of a narrow block that happens to be dark.
    for area in (pixels, png_pixels.without_margins(pixels)):
        stream = png_pixels.extract_bytes(area)
        data = _decompress(stream) if stream else None
        if data is not None:
            return data
    raise PlainPictureError(
        f"{path} is a picture without an embedding; JPEG and lossy formats destroy the one it had."
    )


def _decompress(stream: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(stream, MAX_JSON_BYTES)
    except zlib.error:
        return None
    return data if unpacker.eof else None
