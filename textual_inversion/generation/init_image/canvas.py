"""The initial picture and its mask at the size they are drawn at, and the way back. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from textual_inversion.errors import SettingsError
from textual_inversion.generation.init_image.filling import fill_masked
from textual_inversion.generation.params import InitImage
from textual_inversion.images.decoding import open_picture
from textual_inversion.images.files import path_text
from textual_inversion.images.resizing import cover
from textual_inversion.settings.generate import ResizeMode

_BINARY = [255 * (value >= 128) for value in range(256)]
_DOUBLED = [min(255, 2 * value) for value in range(256)]
Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True)
class Canvas:
    """What the UNet draws on, in RGB; the mask is "L", white where it is drawn anew.

    `box` is the part of `original` that `picture` shows; `overlay` is the mask on `original`.
    """

    picture: Image.Image
    mask: Image.Image | None
    original: Image.Image
    overlay: Image.Image | None
    box: Box

    def finish(self, drawn: Image.Image) -> Image.Image:
        """Put a drawn picture back: what is not masked keeps the original's own pixels."""
        if self.overlay is None:
            return drawn
        width, height = self.box[2] - self.box[0], self.box[3] - self.box[1]
        whole = self.original.copy()
        whole.paste(drawn.resize((width, height), Image.Resampling.LANCZOS), self.box[:2])
        return Image.composite(whole, self.original, self.overlay)


def open_canvas(init: InitImage, width: int, height: int) -> Canvas:
    """Read the initial picture and its mask, and bring both to width x height pixels.

    Raises:
        DatasetError: One of them is no picture.
        SettingsError: The mask has another size than the picture, or masks nothing.
    """
    original = open_picture(Path(init.path))
    if not init.mask:
        picture = _fit(original, init.resize_mode, width, height)
        return Canvas(picture, None, picture, None, (0, 0, width, height))
    mask = _open_mask(init, original.size)
    if init.area == "only masked":
        box = _region(mask, init.padding, width, height)
        size = (width, height)
        picture = original.resize(size, Image.Resampling.LANCZOS, box=box)
        drawn_mask = mask.resize(size, Image.Resampling.LANCZOS, box=box)
    else:
        box = (0, 0, width, height)
        original = picture = _fit(original, init.resize_mode, width, height)
        mask = drawn_mask = _fit(mask, init.resize_mode, width, height)
    if init.content == "fill":
        picture = fill_masked(picture, drawn_mask)
    # Where the blurred mask is half or more, the latents are new, and no pixel of old may show.
    return Canvas(picture, drawn_mask, original, mask.point(_DOUBLED), box)


def _open_mask(init: InitImage, size: tuple[int, int]) -> Image.Image:
    mask = open_picture(Path(init.mask)).convert("L").point(_BINARY)
    name = path_text(Path(init.mask))
    if mask.size != size:
        raise SettingsError(
            f"The mask {name} is {mask.width} x {mask.height} pixels, but the picture is {size[0]} "
            f"x {size[1]}; make them the same size."
        )
    if init.invert:
        mask = ImageOps.invert(mask)
    if mask.getbbox() is None:
        colour, how = ("white", "black") if init.invert else ("black", "white")
        raise SettingsError(
            f"The mask {name} is {colour} all over; paint {how} what should be drawn anew, or "
            "leave the mask out."
        )
    return mask.filter(ImageFilter.GaussianBlur(init.blur))


def _fit(image: Image.Image, mode: ResizeMode, width: int, height: int) -> Image.Image:
    if image.size == (width, height):
        return image
    if mode == "just resize":
        return image.resize((width, height), Image.Resampling.LANCZOS)
    if mode == "crop and resize":
        return cover(image, width, height)
    whole = ImageOps.contain(image, (width, height), Image.Resampling.LANCZOS)
    left, top = (width - whole.width) // 2, (height - whole.height) // 2
    margins = [(top, height - whole.height - top), (left, width - whole.width - left)]
    pixels = np.asarray(whole)
    return Image.fromarray(np.pad(pixels, [*margins, (0, 0)][: pixels.ndim], mode="edge"))


def _region(mask: Image.Image, padding: int, width: int, height: int) -> Box:
    """Choose what is drawn around a mask: its box and the padding, grown to the aspect ratio."""
    bounds = mask.getbbox()
    assert bounds is not None
    left, top, right, bottom = bounds
    wide, high = right - left + 2 * padding, bottom - top + 2 * padding
    wide, high = max(wide, round(high * width / height)), max(high, round(wide * height / width))
    across = _interval((left + right) // 2, wide, mask.width)
    down = _interval((top + bottom) // 2, high, mask.height)
    return across[0], down[0], across[1], down[1]


def _interval(middle: int, length: int, limit: int) -> tuple[int, int]:
    """Place a length around a middle, moved or cut so that it lies within 0 and the limit."""
    length = min(length, limit)
    begin = min(max(0, middle - length // 2), limit - length)
    return begin, begin + length
