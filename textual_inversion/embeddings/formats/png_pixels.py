"""Bytes in the pixels beside a picture, as A1111 lays them, for hosts that strip text chunks.

Each byte is cut in a low and a high nibble, which become the low four bits of a block at the
picture's left and of one at its right, each behind a black column. The high four bits draw grey
circles for the eye. There is no magic, length or checksum: the bytes are a zlib stream, which
knows its end.

Identical to A1111's, bit for bit, given the same stream, shades and height. What lies behind the
stream's end has no meaning: released versions repeat the stream from its start, as here; the very
first (October 2022) left zeros.

H W height and width in pixels, B a block's width.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

Array = np.ndarray

_CIRCLE_PX = 6
_GRID_PX = 8


def add_blocks(picture: Image.Image, stream: bytes, shades: Array) -> Image.Image:
    """Add the stream's two blocks and the black columns at the sides of an RGB picture."""
    low, high = blocks(stream, shades, picture.height)
    separator = np.zeros((picture.height, 1, 3), np.uint8)
    middle = np.asarray(picture)  # (H, W, 3)
    return Image.fromarray(np.concatenate([low, separator, middle, separator, high], axis=1))


def blocks(stream: bytes, shades: Array, height: int) -> tuple[Array, Array]:
    """Draw the left and the right block, (H, B, 3) each, of `shades` in 0..255."""
    data = np.frombuffer(stream, np.uint8)
    padded = np.resize(data, _padded_length(len(data), height)).reshape(height, -1, 3)  # (H, B, 3)
    mask = _mask(padded.size).reshape(padded.shape)
    left = (padded & 15) ^ mask ^ _circles(shades, padded.shape)
    right = (padded >> 4) ^ mask ^ _circles(shades[::-1], padded.shape)
    return left, right


def extract_bytes(pixels: Array) -> bytes | None:
    """Extract the bytes at the sides of (H, W, 3) pixels; they need not be a zlib stream."""
    nibbles = pixels & 15
    black = np.flatnonzero(~nibbles.any(axis=(0, 2)))
    if len(black) < 2:
        return None
    left, right = nibbles[:, : black[0]], nibbles[:, black[-1] + 1 :]
    if left.shape != right.shape or not left.size:
        return None
    mask = _mask(left.size)
    return ((left.ravel() ^ mask) | (right.ravel() ^ mask) << 4).tobytes()


def without_margins(pixels: Array) -> Array:
    """Cut off the black margins that an editor may have added."""
    lit = pixels.all(axis=2)  # a pixel counts when none of its channels is 0
    rows, columns = np.flatnonzero(np.any(lit, axis=1)), np.flatnonzero(np.any(lit, axis=0))
    if not len(rows):
        return pixels[:0, :0]
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _padded_length(length: int, height: int) -> int:
    whole_column = (
        length // height + 1
    ) * height  # rounded up, one more when it is already a multiple
    return (whole_column // (3 * height) + 1) * 3 * height


def _mask(length: int) -> Array:
    """Return the XOR mask (length,): x -> 1664525 x + 1013904223 mod 2^32, then mod 255.

    The steps after the first m are the first m again, m steps on, and m steps are one step with
    another factor and offset; so the sequence doubles in a few array operations.
    """
    factor, offset = 1664525, 1013904223
    states = np.array([offset], np.uint32)
    while len(states) < length:
        ahead = states * np.uint32(factor) + np.uint32(offset)  # wraps, which is the modulus
        states = np.concatenate([states, ahead])
        factor, offset = factor * factor % 2**32, (factor + 1) * offset % 2**32
    return (states[:length] % 255 & 15).astype(np.uint8)


def _circles(shades: Array, shape: tuple[int, ...]) -> Array:
    """Draw the shades as circles, column by column, every other one half a circle lower."""
    height, width, _ = shape
    canvas = Image.new("L", (width, height))
    draw = ImageDraw.Draw(canvas)
    tops = range(-_CIRCLE_PX, height, _GRID_PX)
    lefts = range(-_CIRCLE_PX, width, _GRID_PX)
    for index in range(len(lefts) * len(tops)):
        column, row = divmod(index, len(tops))
        left = lefts[column] + (0 if row % 2 else _GRID_PX // 2)
        box = (left, tops[row], left + _CIRCLE_PX, tops[row] + _CIRCLE_PX)
        draw.ellipse(box, fill=int(shades[index % len(shades)]))
    return (np.asarray(canvas) & 0xF0)[:, :, None]  # (H, B, 1)
