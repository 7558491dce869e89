"""Pictures on disk: find them in a folder, open one as upright sRGB, fit it to a size.

Preparing and training read pictures through here alone, so both see the same pixels. Nothing here
writes, and nothing but Pillow is needed.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from textual_inversion.errors import DatasetError
from textual_inversion.images.color import FAULTS, over_white, srgb, to_8_bit
from textual_inversion.images.files import open_image, shown
from textual_inversion.images.resizing import _GAP

MOST_PIXELS = 178_956_970  # Pillow's own limit of what it opens, about 0.7 GB as RGB
_LARGE_PIXELS = 40_000_000
_DRAFT_GAP = 2.0

_one_large_at_a_time = threading.RLock()
# Pillow warns from half of MOST_PIXELS on; here such a picture is either read or refused in words.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_picture(
    path: Path, *, at_least: tuple[int, int] | None = None, keep_alpha: bool = False
) -> Image.Image:
    """Open a picture as people see it: upright, sRGB, 8 bits, transparency over white.

    Args:
        path: The file; of an animation the first frame is taken.
        at_least: A width and height that the picture will only be made smaller for: what is much
            larger may then come reduced, which saves time and memory.
        keep_alpha: Give a picture with transparency as RGBA instead of over white.

    Raises:
        DatasetError: naming the file and why it cannot be used.
    """
    try:
        with open_image(path) as image:
            return _read(image, at_least, keep_alpha=keep_alpha)
    except (Image.DecompressionBombError, *FAULTS) as error:
        raise DatasetError(f"Picture {shown(path)} {_reason(path, error)}") from None


@contextmanager
def room_for(path: Path) -> Iterator[None]:
    """Hold back other large pictures while this one, if it is large, is worked on whole."""
    try:
        with open_image(path) as image:
            large = image.width * image.height > _LARGE_PIXELS
    except (Image.DecompressionBombError, DatasetError, *FAULTS):
        large = False  # whoever opens it will say what is wrong
    with _one_large_at_a_time if large else nullcontext():
        yield


def _read(image: Image.Image, at_least: tuple[int, int] | None, *, keep_alpha: bool) -> Image.Image:
    if image.width * image.height > MOST_PIXELS:
        raise Image.DecompressionBombError
    # A camera may lie on its side: only the longer edge is sure to be enough.
    edge = int(max(at_least) * _GAP) if at_least else MOST_PIXELS
    if keep_alpha and image.has_transparency_data:
        edge = MOST_PIXELS  # reducing would lose the colours that a mask hides
    # JPEG decodes at 1/2, 1/4 or 1/8, and well, so it needs less to spare; others ignore it.
    draft = int(max(at_least) * _DRAFT_GAP) if at_least else edge
    image.draft(None, (draft, draft))
    if image.width * image.height > _LARGE_PIXELS:
        with _one_large_at_a_time:
            return _finished(_decoded(image, edge), keep_alpha=keep_alpha)
    return _finished(_decoded(image, edge), keep_alpha=keep_alpha)


def _decoded(image: Image.Image, edge: int) -> Image.Image:
    image.load()
    image = to_8_bit(image)
    factor = min(image.size) // edge
    return image.reduce(factor) if factor > 1 else image


def _finished(image: Image.Image, *, keep_alpha: bool) -> Image.Image:
    image = srgb(_upright(image))
    if image.mode == "RGBA" and not keep_alpha:
        image = over_white(image)
    # Neither the old colour profile nor an old orientation may travel with the new pixels.
    image.info.clear()
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except FAULTS:
        return image  # damaged EXIF says nothing about the pixels


def _reason(path: Path, error: BaseException) -> str:
    if isinstance(error, Image.DecompressionBombError):
        return f"has more than {MOST_PIXELS // 1_000_000} million pixels; make it smaller first."
    if isinstance(error, MemoryError):
        return "needs more memory than there is; make it smaller first."
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}."
    if isinstance(error, UnidentifiedImageError):
        if path.stat().st_size == 0:
            return "is an empty file; replace or remove it."
        return "is no picture this program can read; save it as PNG or JPEG, or remove it."
    return f"is damaged or cut short ({error}); replace or remove it."
