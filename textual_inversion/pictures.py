"""Pictures on disk: find them in a folder, open one as upright sRGB, fit it to a size.

Preparing and training read pictures through here alone, so both see the same pixels. Nothing here
writes, and nothing but Pillow is needed.
"""

from __future__ import annotations

import codecs
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from textual_inversion.colours import FAULTS, eight_bits, over_white, srgb
from textual_inversion.errors import DatasetError
from textual_inversion.picturefile import MOST_TEXT_BYTES, check_file, open_image, shown

# HEIC and JPEG XL cannot be opened by Pillow alone: they are listed to be named, not dropped.
EXTENSIONS = frozenset((
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".avif", ".gif", ".bmp", ".dib",
    ".tif", ".tiff", ".tga", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm",
    ".heic", ".heif", ".jxl",
))  # fmt: skip
MOST_PIXELS = 178_956_970  # Pillow's own limit of what it opens, about 0.7 GB as RGB
_MASKS = (".mask.png", "-masklabel.png")  # the second is OneTrainer's way
_LARGE_PIXELS = 40_000_000
_DRAFT_GAP = 2.0
_GAP = 3.0  # "indistinguishable from fair resampling" in Pillow's words

_one_large_at_a_time = threading.RLock()
# Pillow warns from half of MOST_PIXELS on; here such a picture is either read or refused in words.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels and fractions


def find_pictures(folder: Path) -> list[Path]:
    """List the pictures of `folder` as people count (2 before 10); DatasetError when none."""
    names = pictures_in(folder)
    if not names:
        raise DatasetError(
            f"Folder {shown(folder)} holds no pictures; put some in as PNG, JPEG or WebP files."
        )
    return names


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures of `folder`, which may have none; DatasetError when it cannot be read."""
    try:
        names = _without_masks([entry for entry in folder.iterdir() if _is_picture(entry)])
    except FileNotFoundError:
        raise DatasetError(
            f"There is no folder {shown(folder)}; check the spelling or make it and put pictures "
            "in."
        ) from None
    except NotADirectoryError:
        raise DatasetError(
            f"{shown(folder)} is a file; name the folder that holds the pictures."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"Folder {shown(folder)} cannot be read: {reason}.") from None
    return sorted(names, key=natural)


def natural(path: Path) -> tuple[list[str | int], str]:
    """Give the key that sorts names as people count: 2 before 10."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    numbers = {part: int(part) for part in parts[1::2]}
    return [numbers.get(part, part) for part in parts], path.name


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


def cover(image: Image.Image, width: int, height: int) -> Image.Image:
    """Scale `image` until it covers width x height and cut off evenly what stands out."""
    left = (image.width - min(image.width, image.height * width / height)) / 2
    top = (image.height - min(image.height, image.width * height / width)) / 2
    box = (left, top, image.width - left, image.height - top)
    return cut(image, box, width=width, height=height)


def cut(image: Image.Image, box: Box, *, width: int, height: int) -> Image.Image:
    """Scale what lies within `box` to exactly width x height.

    Colours and transparency are scaled apart, so that what a mask hides keeps its colours.
    """

    def scaled(part: Image.Image) -> Image.Image:
        return part.resize((width, height), Image.Resampling.LANCZOS, box=box, reducing_gap=_GAP)

    return _by_parts(image, scaled)


def smallness(path: Path, image: Image.Image, width: int, height: int) -> str | None:
    """Say when a picture must be more than doubled to cover width x height; None when not."""
    if max(width / image.width, height / image.height) <= 2:
        return None
    return (
        f"Picture {shown(path)} is only {image.width} x {image.height} pixels, so at {width} x "
        f"{height} it is a blur; take a larger one or leave it out."
    )


def text_beside(picture: Path) -> str | None:
    """Read the .txt of the same name beside a picture; None when there is none."""
    path = picture.with_suffix(".txt")
    try:
        check_file(path, what="Caption", most_bytes=MOST_TEXT_BYTES)
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatasetError(f"Caption {shown(path)} cannot be read: {error.strerror}.") from None
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if wide else "utf-8-sig", errors="replace").strip()


def mask_beside(picture: Path) -> Path | None:
    """Find the mask file of a picture: NAME.mask.png or NAME-masklabel.png for a picture NAME."""
    paths = (picture.with_name(picture.stem + ending) for ending in _MASKS)
    return next((path for path in paths if path.is_file()), None)


def _without_masks(pictures: list[Path]) -> list[Path]:
    """Leave out what is the mask of another picture."""
    stems = {path.stem for path in pictures}
    return [path for path in pictures if not _is_mask(path.name, stems)]


def _is_mask(name: str, stems: set[str]) -> bool:
    return any(name.endswith(ending) and name.removesuffix(ending) in stems for ending in _MASKS)


def _is_picture(entry: Path) -> bool:
    if entry.name.startswith(".") or entry.suffix.lower() not in EXTENSIONS:
        return False
    # A dangling link is kept, so that somebody hears of it.
    return entry.is_file() or entry.is_symlink()


def _by_parts(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    if image.mode != "RGBA":
        return change(image)
    changed = change(image.convert("RGB"))
    changed.putalpha(change(image.getchannel("A")))
    return changed


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
    image = eight_bits(image)
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
