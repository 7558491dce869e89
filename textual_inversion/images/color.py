"""Convert Pillow images of any mode to 8 bits and sRGB.

Also lists what Pillow raises for damaged files.
"""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageCms

# What Pillow's decoders raise for damaged files.
DECODING_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, EOFError,
    ArithmeticError, MemoryError, struct.error, zlib.error, ImageCms.PyCMSError,
)  # fmt: skip


def to_8_bit(image: Image.Image) -> Image.Image:
    """Convert any mode to L, RGB, RGBA or CMYK, 8 bits a channel."""
    if image.mode.startswith("I") or image.mode == "F":
        return _from_deep_grey(image)
    if image.has_transparency_data:
        return image if image.mode == "RGBA" else image.convert("RGBA")
    return image if image.mode in {"L", "RGB", "CMYK"} else image.convert("RGB")


def to_srgb(image: Image.Image) -> Image.Image:
    """Convert to sRGB by the embedded ICC profile; the mode becomes RGB or RGBA."""
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    profile = image.info.get("icc_profile")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
        except DECODING_ERRORS:
            converted = None  # a profile that is damaged or of another kind of picture
        if converted is not None:
            return converted
    return image if image.mode == mode else image.convert(mode)


def over_white(image: Image.Image) -> Image.Image:
    """Composite an RGBA picture over white."""
    background = Image.new("RGB", image.size, (255, 255, 255))
    background.paste(image, mask=image.getchannel("A"))
    return background


def _from_deep_grey(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    # 32-bit whole numbers and floats carry no range of their own: take the next usual one.
    highest = float(image.getextrema()[1])  # pyright: ignore[reportArgumentType]
    usual = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    scale = 255 / next((top for top in usual if highest <= top), highest)
    return image.point(lambda value: value * scale).convert("L")
