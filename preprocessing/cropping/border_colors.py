"""What belongs to the background: whatever has colours that the rim of the picture has, too.

The subject seldom touches the rim, so points in colours that are rare there are likely its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from preprocessing.cropping.focal_point import Point

_LONG_EDGE = 96  # pixels; a pixel is then the mean of what lies around a point
_WIDTH = 0.06  # of the short side
_RARE = 0.05  # the share of the rim that may look like the subject
_NOTICEABLE = 8.0  # of 255; below it all is of one colour


def without_border_colors(points: Sequence[Point], image: Image.Image) -> list[Point]:
    """Keep the points whose colours are rarer at the rim than those of the average point.

    Args:
        points: In pixels of `image`.
        image: RGB.
    """
    if not points:
        return []
    colours = _small(image)  # (H, W, 3) in [0, 255]
    height, width, _ = colours.shape
    places = np.asarray(points) * (width / image.width, height / image.height)
    columns = np.clip(places[:, 0].astype(int), 0, width - 1)
    rows = np.clip(places[:, 1].astype(int), 0, height - 1)
    own = colours[rows, columns]  # (N, 3)
    rarity = np.sqrt(np.quantile(_squared_distances(own, _rim(colours)), _RARE, axis=1))
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


def _rim(colours: np.ndarray) -> np.ndarray:
    """Give the colours along all four sides: (R, 3)."""
    width = max(1, round(min(colours.shape[:2]) * _WIDTH))
    sides = (colours[:width], colours[-width:], colours[:, :width], colours[:, -width:])
    return np.concatenate([side.reshape(-1, 3) for side in sides])
