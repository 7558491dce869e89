"""Fill the masked part of a picture with the colours around it."""

from __future__ import annotations

from PIL import Image, ImageFilter, ImageOps

_RADII_PX = (256, 64, 16, 4, 2)
_RAISED = [min(255, 8 * value) for value in range(256)]


def fill_masked(picture: Image.Image, mask: Image.Image) -> Image.Image:
    """Return an RGB picture whose masked part (white) holds colours from around it.

    The known pixels are blurred ever less; each blur covers the wider one where it reaches, so that
    the nearest colours win.
    """
    known = picture.convert("RGBA")
    known.putalpha(ImageOps.invert(mask))
    filled = Image.new("RGBA", picture.size, (127, 127, 127, 255))
    for radius in _RADII_PX:
        # Colours count by their alpha, so what is masked adds none of its own.
        blurred = known.convert("RGBa").filter(ImageFilter.GaussianBlur(radius)).convert("RGBA")
        blurred.putalpha(blurred.getchannel("A").point(_RAISED))
        filled.alpha_composite(blurred)
    return Image.composite(filled.convert("RGB"), picture, mask)
