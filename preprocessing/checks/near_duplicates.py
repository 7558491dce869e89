"""Find near duplicates by a hash of their gradients and by their colors. Pure.

H 128 bits: of a 9 x 8 and an 8 x 9 grey copy, whether each pixel is lighter than the next.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

_SIDE = 8
_MAX_BITS = 12  # of 128; other pictures differ in about half of them
_MAX_COLOR = 10.0  # mean difference, of 255, between 8 x 8 copies: flat pictures have few bits
_MIN_STEP = 2.0  # grey levels; a smaller step than this is no gradient


def gradient_hash(image: Image.Image) -> np.ndarray:
    """Hash the directions in which a picture gets lighter: (16,) uint8."""
    grey = image.convert("L")
    wide = np.asarray(grey.resize((_SIDE + 1, _SIDE), Image.Resampling.BOX), dtype=np.float32)
    high = np.asarray(grey.resize((_SIDE, _SIDE + 1), Image.Resampling.BOX), dtype=np.float32)
    bits = [np.diff(wide, axis=1) > _MIN_STEP, np.diff(high, axis=0) > _MIN_STEP]
    return np.packbits(np.concatenate([part.ravel() for part in bits]))


def color_thumbnail(image: Image.Image) -> np.ndarray:
    """Return the colors of a picture at 8 x 8 pixels: (192,) uint8."""
    small = image.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BOX)
    return np.asarray(small).reshape(-1)


def group_duplicates(hashes: Sequence[np.ndarray], colors: Sequence[np.ndarray]) -> list[list[int]]:
    """Group the indices of near duplicates, transitively."""
    if len(hashes) < 2:
        return []
    bits, thumbnails = np.stack(hashes), np.stack(colors).astype(np.int16)  # (N, 16), (N, 192)
    group = list(range(len(hashes)))
    for one in range(len(hashes) - 1):
        others = np.arange(one + 1, len(hashes))
        distances = np.bitwise_count(bits[others] ^ bits[one]).sum(axis=1)
        others = others[distances <= _MAX_BITS]
        color_distances = np.abs(thumbnails[others] - thumbnails[one]).mean(axis=1)
        for other in others[color_distances <= _MAX_COLOR]:
            group[_root(group, int(other))] = _root(group, one)
    members: dict[int, list[int]] = {}
    for index in range(len(group)):
        members.setdefault(_root(group, index), []).append(index)
    return [alike for alike in members.values() if len(alike) > 1]


def _root(group: list[int], index: int) -> int:
    while group[index] != index:
        index = group[index]
    return index
