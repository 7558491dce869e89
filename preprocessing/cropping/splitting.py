"""Where an oversized picture is cut into pieces. Pure: sizes in, boxes out.

A picture is oversized when it is much longer than the target along one axis. Its pieces are spread
evenly: the first and the last lie at the ends, neighbours overlap by at least what was asked for.
"""

from __future__ import annotations

import math

from textual_inversion.images.resizing import Box

_MAX_OVERLAP = 0.9
_TOLERANCE = 1e-9  # for quotients that are whole numbers but for rounding


def piece_boxes(
    source: tuple[int, int], target: tuple[int, int], *, threshold: float, overlap: float
) -> list[Box]:
    """Return the box of each piece in the source's pixels; empty when it is not oversized.

    Args:
        source: Width and height of the picture.
        target: Width and height of a piece.
        threshold: A picture is cut when its shape, relative to the target's, is at most this.
        overlap: The share of a piece that its neighbour shows as well.
    """
    along = 1 if source[1] > source[0] else 0  # the axis to cut along; x for a square
    across = 1 - along
    # In whole numbers, so that a half is a half.
    short, long = source[across] * target[along], source[along] * target[across]
    if short >= long or short > threshold * long:
        return []
    length = source[along] * target[across] // source[across]
    starts = piece_starts(length, target[along], overlap=overlap)
    if len(starts) < 2:
        return []
    scale = source[along] / length
    spans = ((start * scale, (start + target[along]) * scale) for start in starts)
    return [_box(low, min(high, source[along]), source, along=along) for low, high in spans]


def piece_starts(length: int, piece: int, *, overlap: float) -> list[int]:
    """Return the start of each piece of a length, spread evenly over `length`."""
    overlap = min(max(overlap, 0.0), _MAX_OVERLAP)
    needed = (length - piece * overlap) / (piece * (1 - overlap))
    count = math.ceil(needed - _TOLERANCE)
    if count < 2:
        return [0]
    return [k * (length - piece) // (count - 1) for k in range(count)]


def _box(low: float, high: float, source: tuple[int, int], *, along: int) -> Box:
    if along == 0:
        return (low, 0.0, high, float(source[1]))
    return (0.0, low, float(source[0]), high)
