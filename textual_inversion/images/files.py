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
MOST_BYTES = 2_000_000_000  # the most pixels that are read, at 16 bits with transparency, and more
MOST_TEXT_BYTES = 1_000_000
INFOTEXT_KEY = "parameters"  # the PNG chunk in which AUTOMATIC1111 keeps a picture's settings


def open_image(path: Path) -> Image.Image:
    """Open a picture with Pillow, which raises its own errors besides.

    Raises:
        DatasetError: It is no regular file, or one too large for a picture.
    """
    check_file(path, what="Picture", most_bytes=MOST_BYTES)
    Image.init()
    formats = [name for name in _FORMATS if name in Image.OPEN]
    return Image.open(path, formats=formats)


def check_file(path: Path, *, what: str, most_bytes: int) -> None:
    """Look at a file before it is opened, which a pipe or device might never let end.

    Raises:
        DatasetError: It is no regular file, or larger than `most_bytes`.
        OSError: It cannot be found.
    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        return  # opening it says so at once
    if not stat.S_ISREG(status.st_mode):
        raise DatasetError(f"{what} {shown(path)} is a device or a pipe, not a file; remove it.")
    if status.st_size > most_bytes:
        raise DatasetError(
            f"{what} {shown(path)} has {status.st_size:,} bytes, more than {most_bytes:,}; make it "
            "smaller first."
        )


def read_infotext(path: Path) -> str:
    """Read the settings that a generated PNG carries; "" where there are none to be read."""
    try:
        with open_image(path) as image:
            return str(image.info.get(INFOTEXT_KEY, ""))
    except (OSError, ValueError, Image.DecompressionBombError, DatasetError):
        return ""


def shown(path: Path) -> str:
    """Spell a path so that it fits into a sentence, its stray bytes as escapes, too."""
    return printable(str(path))
