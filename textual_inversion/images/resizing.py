"""Pictures scaled and cut to a size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image

from textual_inversion.images.files import path_text

REDUCING_GAP = 3.0  # "indistinguishable from fair resampling" in Pillow's words


Size = tuple[int, int]  # width, height
Resampling = Literal["lanczos", "bicubic"]
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels and fractions


def cover(
    image: Image.Image, width: int, height: int, *, resampling: Resampling = "lanczos"
) -> Image.Image:
    """Resize `image` to cover width x height and crop it around the center."""
    across = min(image.width, image.height * width / height)
    down = min(image.height, image.width * height / width)
    left, top = (image.width - across) / 2, (image.height - down) / 2
    if resampling == "bicubic":
        left, top = int(left), int(top)
    box = (left, top, left + across, top + down)
    return cut(image, box, width=width, height=height, resampling=resampling)


def cut(
    image: Image.Image,
    box: Box,
    *,
    width: int,
    height: int,
    resampling: Resampling = "lanczos",
) -> Image.Image:
    """Resize the part of `image` within `box` to exactly width x height.

    Color and alpha are resized separately, so that transparent pixels keep their color.
    """

    def scaled(part: Image.Image) -> Image.Image:
        if resampling == "bicubic":
            # Cut first: a filter with a box sees pixels beyond it.
            whole = (round(box[0]), round(box[1]), round(box[2]), round(box[3]))
            return part.crop(whole).resize((width, height), Image.Resampling.BICUBIC)
        return part.resize(
            (width, height), Image.Resampling.LANCZOS, box=box, reducing_gap=REDUCING_GAP
        )

    return _color_and_alpha(image, scaled)


def upscaling_warning(path: Path, image: Image.Image, width: int, height: int) -> str | None:
    """Return a warning when a picture must be more than doubled to cover width x height."""
    if max(width / image.width, height / image.height) <= 2:
        return None
    return (
        f"Picture {path_text(path)} is only {image.width} x {image.height} pixels, so at {width} x "
        f"{height} it is a blur; take a larger one or leave it out."
    )


def _color_and_alpha(
    image: Image.Image, resize: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    if image.mode != "RGBA":
        return resize(image)
    resized = resize(image.convert("RGB"))
    resized.putalpha(resize(image.getchannel("A")))
    return resized
