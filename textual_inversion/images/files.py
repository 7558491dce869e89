"""A picture's file before its pixels: whether it may be opened, and by which of Pillow's readers.

Folders come from anywhere: what is no regular file may never end, and some of Pillow's readers
start other programs (EPS starts Ghostscript), so neither is opened.
"""

from __future__ import annotations

import stat
from pathlib import Path

from PIL import Image

from textual_inversion.errors import DatasetError, printable

# Pillow reads these by itself; the last two only where a plug-in was installed for them.
_FORMATS = (
    "PNG", "JPEG", "MPO", "WEBP", "AVIF", "GIF", "BMP", "DIB", "TIFF", "TGA", "JPEG2000", "PPM",
    "HEIF", "JXL",
)  # fmt: skip
MAX_BYTES = 2_000_000_000  # the most pixels that are read, at 16 bits with transparency, and more
MAX_TEXT_BYTES = 1_000_000
INFOTEXT_KEY = "parameters"  # the PNG chunk in which AUTOMATIC1111 keeps a picture's settings


def open_image(path: Path) -> Image.Image:
    """Open a picture with Pillow, whose own errors are passed on.

    Raises:
        DatasetError: It is no regular file, or one too large for a picture.
    """
    check_file(path, what="Picture", max_bytes=MAX_BYTES)
    Image.init()
    formats = [name for name in _FORMATS if name in Image.OPEN]
    return Image.open(path, formats=formats)


def check_file(path: Path, *, what: str, max_bytes: int) -> None:
    """Check a file before it is opened: reading a pipe or device might never end.

    Raises:
        DatasetError: It is no regular file, or larger than `most_bytes`.
        OSError: It cannot be found.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        return  # opening it raises IsADirectoryError
    if not stat.S_ISREG(status.st_mode):
        raise DatasetError(
            f"{what} {path_text(path)} is a device or a pipe, not a file; remove it."
        )
    if status.st_size > max_bytes:
        raise DatasetError(
            f"{what} {path_text(path)} has {status.st_size:,} bytes, more than {max_bytes:,}; make "
            "it smaller first."
        )


def read_infotext(path: Path) -> str:
    """Read the settings that a generated PNG carries; "" where there are none to be read."""
    try:
        with open_image(path) as image:
            return str(image.info.get(INFOTEXT_KEY, ""))
    except (OSError, ValueError, Image.DecompressionBombError, DatasetError):
        return ""


def path_text(path: Path) -> str:
    """Return a path for messages, its stray bytes escaped as well."""
    return printable(str(path))
