"""Open a picture as upright sRGB.

Preprocessing and training both read pictures through this module, so both see the same pixels.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from textual_inversion.errors import DatasetError
from textual_inversion.images.color import DECODING_ERRORS, over_white, to_8_bit, to_srgb
from textual_inversion.images.files import open_image, path_text
from textual_inversion.images.resizing import REDUCING_GAP

MAX_PIXELS = 178_956_970  # Pillow's own limit of what it opens, about 0.7 GB as RGB
_LARGE_PIXELS = 40_000_000
_DRAFT_GAP = 2.0

_large_picture_lock = threading.RLock()
# Pillow warns from half of MAX_PIXELS on; here such a picture is read or is a DatasetError.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_picture(
    path: Path, *, min_size: tuple[int, int] | None = None, keep_alpha: bool = False
) -> Image.Image:
    """Open a picture as people see it: upright, sRGB, 8 bits, transparency over white.

    Args:
        path: The file; of an animation the first frame is taken.
        min_size: The width and height that the picture will be reduced to: a much larger one may
            be decoded at a reduced size, which saves time and memory.
        keep_alpha: Return a picture with transparency as RGBA instead of over white.

    Raises:
        DatasetError: The file cannot be used; the message has its path and the reason.
    """
    try:
        with open_image(path) as image:
            return _read(image, min_size, keep_alpha=keep_alpha)
    except (Image.DecompressionBombError, *DECODING_ERRORS) as error:
        raise DatasetError(f"Picture {path_text(path)} {_reason(path, error)}") from None


@contextmanager
def one_large_picture_at_a_time(path: Path) -> Iterator[None]:
    """Block other threads' large pictures while this one, if large, is processed unreduced."""
    try:
        with open_image(path) as image:
            is_large = image.width * image.height > _LARGE_PIXELS
    except (Image.DecompressionBombError, DatasetError, *DECODING_ERRORS):
        is_large = False  # whoever opens it will say what is wrong
    with _large_picture_lock if is_large else nullcontext():
        yield


def _read(image: Image.Image, min_size: tuple[int, int] | None, *, keep_alpha: bool) -> Image.Image:
    if image.width * image.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    # A camera may lie on its side: only the longer edge is sure to be enough.
    edge = int(max(min_size) * REDUCING_GAP) if min_size else MAX_PIXELS
    if keep_alpha and image.has_transparency_data:
        edge = MAX_PIXELS  # reducing would lose the colours that a mask hides
    # JPEG decodes at 1/2, 1/4 or 1/8, and well, so it needs less to spare; others ignore it.
    draft = int(max(min_size) * _DRAFT_GAP) if min_size else edge
    image.draft(None, (draft, draft))
    if image.width * image.height > _LARGE_PIXELS:
        with _large_picture_lock:
            return _upright_srgb(_decoded(image, edge), keep_alpha=keep_alpha)
    return _upright_srgb(_decoded(image, edge), keep_alpha=keep_alpha)


def _decoded(image: Image.Image, edge: int) -> Image.Image:
    image.load()
    image = to_8_bit(image)
    factor = min(image.size) // edge
    return image.reduce(factor) if factor > 1 else image


def _upright_srgb(image: Image.Image, *, keep_alpha: bool) -> Image.Image:
    image = to_srgb(_upright(image))
    if image.mode == "RGBA" and not keep_alpha:
        image = over_white(image)
    # Neither the old colour profile nor an old orientation may travel with the new pixels.
    image.info.clear()
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except DECODING_ERRORS:
        return image  # damaged EXIF says nothing about the pixels


def _reason(path: Path, error: BaseException) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return f"has more than {MAX_PIXELS // 1_000_000} million pixels; make it smaller first."
    if isinstance(error, MemoryError):
        return "needs more memory than there is; make it smaller first."
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}."
    if isinstance(error, UnidentifiedImageError):
        if path.stat().st_size == 0:
            return "is an empty file; replace or remove it."
        return "is no picture this program can read; save it as PNG or JPEG, or remove it."
    return f"is damaged or cut short ({error}); replace or remove it."
