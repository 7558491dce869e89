"""The pictures of a folder, and the caption and mask files beside them."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from textual_inversion.errors import DatasetError
from textual_inversion.images.files import MAX_TEXT_BYTES, check_file, path_text

# Pillow alone cannot open HEIC and JPEG XL; they are listed so that an error names them.
EXTENSIONS = frozenset((
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".webp", ".avif", ".gif", ".bmp", ".dib",
    ".tif", ".tiff", ".tga", ".jp2", ".j2k", ".ppm", ".pgm", ".pbm", ".pnm",
    ".heic", ".heif", ".jxl",
))  # fmt: skip

REPEATED_FOLDER = re.compile(r"([1-9][0-9]{0,3})_")  # how the name of such a folder begins
MASKS = (".mask.png", "-masklabel.png")  # the second is OneTrainer's way


def find_pictures(folder: Path) -> list[Path]:
    """List the pictures of `folder` in natural order (2 before 10); DatasetError when none."""
    names = pictures_in(folder)
    if not names:
        raise DatasetError(
            f"Folder {path_text(folder)} holds no pictures; put some in as PNG, JPEG or WebP files."
        )
    return names


def pictures_in(folder: Path) -> list[Path]:
    """List the pictures of `folder`, which may have none; DatasetError when it cannot be read."""
    try:
        names = _without_masks([entry for entry in folder.iterdir() if _is_picture(entry)])
    except FileNotFoundError:
        raise DatasetError(
            f"There is no folder {path_text(folder)}; check the spelling or make it and put "
            "pictures in."
        ) from None
    except NotADirectoryError:
        raise DatasetError(
            f"{path_text(folder)} is a file; name the folder that holds the pictures."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DatasetError(f"Folder {path_text(folder)} cannot be read: {reason}.") from None
    return sorted(names, key=natural_sort_key)


def natural_sort_key(path: Path) -> tuple[list[str | int], str]:
    """Return the sort key for natural order: 2 before 10."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    numbers = {part: int(part) for part in parts[1::2]}
    return [numbers.get(part, part) for part in parts], path.name


def read_caption(picture: Path) -> str | None:
    """Read the .txt of the same name beside a picture; None when there is none."""
    path = picture.with_suffix(".txt")
    try:
        check_file(path, what="Caption", max_bytes=MAX_TEXT_BYTES)
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DatasetError(f"Caption {path_text(path)} cannot be read: {error.strerror}.") from None
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if wide else "utf-8-sig", errors="replace").strip()


def find_mask(picture: Path) -> Path | None:
    """Find the mask file of a picture: NAME.mask.png or NAME-masklabel.png for a picture NAME."""
    paths = (picture.with_name(picture.stem + ending) for ending in MASKS)
    return next((path for path in paths if path.is_file()), None)


def _without_masks(pictures: list[Path]) -> list[Path]:
    """Drop the masks of other pictures."""
    stems = {path.stem for path in pictures}
    return [path for path in pictures if not _is_mask(path.name, stems)]


def _is_mask(name: str, stems: set[str]) -> bool:
    return any(name.endswith(ending) and name.removesuffix(ending) in stems for ending in MASKS)


def _is_picture(entry: Path) -> bool:
    if entry.name.startswith(".") or entry.suffix.lower() not in EXTENSIONS:
        return False
    # A dangling link counts, so that opening it reports the error.
    return entry.is_file() or entry.is_symlink()
