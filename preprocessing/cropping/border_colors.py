"""Drop points of the background: those with colors that also occur at the picture's border.

The subject seldom touches the border, so points in colors that are rare there are likely its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from preprocessing.cropping.focal_point import Point

_LONG_EDGE = 96  # pixels; a pixel is then the mean of what lies around a point
_WIDTH = 0.06  # of the short side
_RARE = 0.05  # the share of the border that may look like the subject
_NOTICEABLE = 8.0  # of 255; below it the whole picture has one color


def without_border_colors(points: Sequence[Point], image: Image.Image) -> list[Point]:
    """Return the points whose colors are rarer at the border than the average point's.

    Args:
        points: In pixels of `image`.
        image: RGB.
    """
    if not points:
        return []
    colors = _small(image)  # (H, W, 3) in [0, 255]
    height, width, _ = colors.shape
    positions = np.asarray(points) * (width / image.width, height / image.height)
    columns = np.clip(positions[:, 0].astype(int), 0, width - 1)
    rows = np.clip(positions[:, 1].astype(int), 0, height - 1)
    own = colors[rows, columns]  # (N, 3)
    rarity = np.sqrt(np.quantile(_squared_distances(own, _border(colors)), _RARE, axis=1))
    if rarity.max() < _NOTICEABLE:
        return list(points)
    return [point for point, rare in zip(points, rarity >= rarity.mean(), strict=True) if rare]


def _squared_distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute |a|^2 + |b|^2 - 2ab for each pair: (N, 3) and (R, 3) to (N, R)."""
    squares = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None]
    return np.maximum(squares - 2 * a @ b.T, 0)


def _small(image: Image.Image) -> np.ndarray:
    scale = min(1.0, _LONG_EDGE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0).convert("YCbCr")
    return np.asarray(small, dtype=np.float64)


def _border(colors: np.ndarray) -> np.ndarray:
    """Return the colors along all four sides: (R, 3)."""
    width = max(1, round(min(colors.shape[:2]) * _WIDTH))
    sides = (colors[:width], colors[-width:], colors[:, :width], colors[:, -width:])
    return np.concatenate([side.reshape(-1, 3) for side in sides])
