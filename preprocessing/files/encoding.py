"""Encode pictures in the formats that training reads."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import Any, Literal

from PIL import Image

from preprocessing.transforms import UnfitError

Format = Literal["png", "jpeg", "webp"]
EXTENSIONS: dict[Format, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}

# No chroma subsampling: it would blur fine edges, and the blur would be learned.
_OPTIONS: dict[Format, dict[str, Any]] = {
    # Four times as fast as Pillow's default of 6, for at most a tenth more bytes.
    "png": {"compress_level": 1, "compress_type": zlib.Z_RLE},
    "jpeg": {"quality": 95, "subsampling": 0},
    "webp": {"quality": 95},
}


def encode(image: Image.Image, kind: Format) -> bytes:
    """Return the bytes of a picture's file; UnfitError when the format does not support it."""
    file = BytesIO()
    try:
        image.save(file, kind.upper(), **_OPTIONS[kind])
    except (OSError, ValueError) as error:
        raise UnfitError(f"cannot be saved as {kind.upper()}: {error}; choose PNG.") from None
    return file.getvalue()
