"""The text drawn on an embedding's picture: name, base model and steps.

The layout is A1111's: a black gradient, the name at the top, three footers on one line.
"""

from __future__ import annotations

import contextlib
import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_PADDING_PX = 10
_MAX_FONT_PX = 72
_TRIAL_FONT_PX = 32
_WHITE = (255, 255, 255)
_SYSTEM_FONTS = ("Roboto-Regular.ttf", "DejaVuSans.ttf", "Arial Unicode.ttf", "arial.ttf")

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def caption(picture: Image.Image, title: str, footers: tuple[str, str, str]) -> Image.Image:
    """Return the picture as RGB with the title and the left, middle and right footer on it."""
    shaded = Image.alpha_composite(picture.convert("RGBA"), _gradient(picture.size)).convert("RGB")
    draw = ImageDraw.Draw(shaded)
    width, baseline = picture.width, picture.height - _PADDING_PX

    title, *footer_texts = (" ".join(text.split()) for text in (title, *footers))
    font = _font(_fitting_size(title, 0.75 * width - 4 * _PADDING_PX))
    draw.text((_PADDING_PX, _PADDING_PX), title, _WHITE, font, anchor="lt")

    font = _font(min(_fitting_size(text, width / 3 - _PADDING_PX) for text in footer_texts))
    positions = zip((_PADDING_PX, width / 2, width - _PADDING_PX), ("ls", "ms", "rs"), strict=True)
    for (x, anchor), text in zip(positions, footer_texts, strict=True):
        draw.text((x, baseline), text, _WHITE, font, anchor=anchor)
    return shaded


def _gradient(size: tuple[int, int]) -> Image.Image:
    width, height = size
    y = np.arange(height) / height
    darkness = np.maximum(1 - np.cos(1.5 * y), 1 - np.cos(1.65 * (1 - y)))  # (H,)
    layer = np.zeros((height, width, 4), np.uint8)
    layer[..., 3] = np.minimum(255 * darkness, 255).astype(np.uint8)[:, None]
    return Image.fromarray(layer)


def _fitting_size(text: str, width: float) -> int:
    text_width = _font(_TRIAL_FONT_PX).getbbox(text)[2] or 1
    return max(1, min(_MAX_FONT_PX, int(_TRIAL_FONT_PX * width / text_width)))


@functools.cache
def _font(size: int) -> Font:
    # Pillow's own font has basic Latin letters only, so a system font is preferred.
    for file in _SYSTEM_FONTS:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(file, size)
    return ImageFont.load_default(size)
