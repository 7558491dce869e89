"""Pictures scaled and cut to a size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from textual_inversion.images.files import shown

_GAP = 3.0  # "indistinguishable from fair resampling" in Pillow's words


Size = tuple[int, int]  # width, height
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels and fractions


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


def _by_parts(image: Image.Image, change: Callable[[Image.Image], Image.Image]) -> Image.Image:
    if image.mode != "RGBA":
        return change(image)
    changed = change(image.convert("RGB"))
    changed.putalpha(change(image.getchannel("A")))
    return changed
