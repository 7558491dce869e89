"""Pictures of data sets and of jobs, copied to the one folder that the page may serve.

Only paths come here that the program found itself, in a folder or in what a job says it wrote,
never typed ones, and only what opens as a picture is copied; so no other file can be asked for,
whatever a form says.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from PIL import Image, ImageOps

from textual_inversion.errors import DatasetError
from textual_inversion.images.files import open_image

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_THUMBNAIL_PX = 512


def serve_from_own_folder() -> Path:
    """Make Gradio keep its files in a fresh folder that nobody else can read."""
    folder = Path(tempfile.mkdtemp(prefix="textual-inversion-page-"))
    os.environ["GRADIO_TEMP_DIR"] = str(folder)
    return folder


def served(path: str, *, small: bool = False) -> str | None:
    """Return the path of a copy to serve; None when it cannot be read as a picture.

    A copy keeps every byte (a PNG carries its settings); with `small` it is a fresh thumbnail.
    """
    try:
        return _copy(path, Path(path).stat().st_mtime_ns, small=small)
    except (OSError, ValueError, Image.DecompressionBombError, DatasetError):
        return None


def picture_url(path: str) -> str:
    """Copy a picture to the served folder, every byte of it; "" when it cannot be read."""
    return url_of(served(path))


def thumbnail_url(path: str) -> str:
    """Copy a small version of a picture to the served folder; "" when it cannot be read."""
    return url_of(served(path, small=True))


def url_of(copy: str | None) -> str:
    """Return the URL of a copy in the served folder; "" where there is none."""
    return f"gradio_api/file={quote(copy)}" if copy else ""


@lru_cache(maxsize=512)
def _copy(path: str, modified: int, *, small: bool) -> str:
    name = hashlib.sha256(f"{path}|{modified}|{small}".encode()).hexdigest()[:24]
    folder = Path(os.environ["GRADIO_TEMP_DIR"]) / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with open_image(Path(path)) as image:
        suffix = _SUFFIXES.get(str(image.format))
        if small or suffix is None:
            return _save_thumbnail(image, folder / f"{name}.webp")
    return str(shutil.copyfile(path, folder / (name + suffix)))


def _save_thumbnail(image: Image.Image, target: Path) -> str:
    image.draft("RGB", (_THUMBNAIL_PX, _THUMBNAIL_PX))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((_THUMBNAIL_PX, _THUMBNAIL_PX))
    upright.convert("RGB").save(target, quality=85)
    return str(target)
