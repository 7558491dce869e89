"""Pictures scaled and cut to a size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from textual_inversion.images.files import path_text

REDUCING_GAP = 3.0  # "indistinguishable from fair resampling" in Pillow's words


Size = tuple[int, int]  # width, height
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels and fractions


def cover(image: Image.Image, width: int, height: int) -> Image.Image:
    """Resize `image` to cover width x height and crop it around the center."""
    left = (image.width - min(image.width, image.height * width / height)) / 2
    top = (image.height - min(image.height, image.width * height / width)) / 2
    box = (left, top, image.width - left, image.height - top)
    return cut(image, box, width=width, height=height)


def cut(image: Image.Image, box: Box, *, width: int, height: int) -> Image.Image:
    """Resize the part of `image` within `box` to exactly width x height.

    Color and alpha are resized separately, so that transparent pixels keep their color.
    """

    def scaled(part: Image.Image) -> Image.Image:
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
