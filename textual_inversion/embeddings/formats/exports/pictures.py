"""Exports that are a picture which carries the embedding: PNG, and lossless WebP.

A PNG has it in a text chunk and in its pixels; WebP has no text chunks, so it is in the pixels
only, which a lossless file keeps. A1111 reads both.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import png
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.storage.atomic import write_whole

MAX_SIDE_PX = 2048
_PLAIN_SIDE_PX = 512
_PLAIN = (90, 96, 110)


def png_file(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write NAME.png."""
    path = folder / f"{embedding.name}.png"
    png.write(path, _picture(extras), embedding)
    return path


def webp_file(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write NAME.webp, lossless: another quality would destroy the vectors."""
    path = folder / f"{embedding.name}.webp"
    buffer = io.BytesIO()
    png.embed(_picture(extras), embedding).save(buffer, "WEBP", lossless=True)
    write_whole(path, buffer.getvalue())
    return path


def _picture(extras: Extras) -> Image.Image:
    """Take the picture, made smaller if it leaves no room to be read again; else a plain one."""
    if extras.picture is None:
        return Image.new("RGB", (_PLAIN_SIDE_PX, _PLAIN_SIDE_PX), _PLAIN)
    picture = extras.picture.convert("RGB")
    picture.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
    return picture
