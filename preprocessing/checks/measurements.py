"""Measure one picture of a data set before training; it is only read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from preprocessing.checks.near_duplicates import color_thumbnail, gradient_hash
from preprocessing.checks.sharpness import sharpness
from textual_inversion.errors import DatasetError
from textual_inversion.images.color import DECODING_ERRORS, over_white
from textual_inversion.images.decoding import open_picture
from textual_inversion.images.file_names import words_of_file_name
from textual_inversion.images.files import open_image
from textual_inversion.images.folder import read_caption
from textual_inversion.images.resizing import cover

_FIRST_ROTATED = 5  # EXIF orientations from here on swap width and height
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Measurements:
    """The measurements of a usable picture; `caption` is None where it has no .txt."""

    path: Path
    width: int
    height: int
    is_transparent: bool
    sharpness: float
    hash: np.ndarray
    colors: np.ndarray
    caption: str | None

    @property
    def words(self) -> str:
        """What [filewords] is in training: the caption, else the file name's words."""
        return words_of_file_name(self.path.stem) if self.caption is None else self.caption


@dataclass(frozen=True)
class Unusable:
    """A picture that cannot be used, or whose caption cannot be read, with the reason."""

    path: Path
    reason: str


def measure(path: Path, *, width: int, height: int) -> Measurements | Unusable:
    """Measure a picture as it is trained on at width x height."""
    try:
        image = open_picture(path, min_size=(width, height), keep_alpha=True)
        caption = read_caption(path)
        own_width, own_height = _own_size(path, image)
    except DatasetError as error:
        return Unusable(path, str(error))
    has_alpha = image.mode == "RGBA"
    is_transparent = has_alpha and image.getchannel("A").getextrema()[0] != 255
    image = cover(over_white(image) if has_alpha else image, width, height)
    return Measurements(
        path=path,
        width=own_width,
        height=own_height,
        is_transparent=is_transparent,
        sharpness=sharpness(image),
        hash=gradient_hash(image),
        colors=color_thumbnail(image),
        caption=caption,
    )


def _own_size(path: Path, image: Image.Image) -> tuple[int, int]:
    """Return a picture's upright size on disk; `image` may have been decoded at a reduced one."""
    try:
        with open_image(path) as stored:
            is_rotated = int(stored.getexif().get(_ORIENTATION, 1)) >= _FIRST_ROTATED
            return (stored.height, stored.width) if is_rotated else stored.size
    except DECODING_ERRORS:
        return image.size  # damaged EXIF says nothing
