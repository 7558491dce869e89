"""What can be done to a picture: each operation takes one and gives those to be kept.

A new one is a function that returns an `Operation`, and a line in `chosen`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PIL import Image, ImageOps

from textual_inversion.pictures import cover
from textual_inversion.settings import PreprocessSettings

Operation = Callable[[Image.Image], list[Image.Image]]

_FLIPS: dict[str, Operation] = {
    "none": lambda image: [image],
    "horizontal": lambda image: [image, ImageOps.mirror(image)],
    "vertical": lambda image: [image, ImageOps.flip(image)],
    "both": lambda image: [image, ImageOps.mirror(image), ImageOps.flip(image)],
}


def chosen(settings: PreprocessSettings, *, width: int, height: int) -> list[Operation]:
    """List the operations that the settings ask for, in the order in which they apply."""
    return [covering(width, height), with_flips(settings.flipped_copies)]


def apply(operations: Iterable[Operation], image: Image.Image) -> list[Image.Image]:
    """Run a picture through all operations; pieces and copies stay in the order they were made."""
    images = [image]
    for operation in operations:
        images = [made for one in images for made in operation(one)]
    return images


def covering(width: int, height: int) -> Operation:
    """Fit a picture to width x height, the middle kept."""
    return lambda image: [cover(image, width, height)]


def with_flips(flips: str) -> Operation:
    """Follow a picture by its mirrored copies: horizontal, vertical, both or none."""
    return _FLIPS[flips]
