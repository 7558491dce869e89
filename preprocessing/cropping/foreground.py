"""What stands out from its surroundings, as a whole: its extent in the picture.

GrabCut (Rother, Kolmogorov and Blake, 2004) parts colours like those in the middle from colours
like those at the rim. It always finds something, so it is believed only when it is of a likely size
and some of what draws the eye lies within.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from preprocessing.cropping.focal_point import Point
from preprocessing.cropping.opencv import opencv
from textual_inversion.images.resizing import Box

_LONG_EDGE = 128  # pixels
_SHORTEST = 16
_RIM = 0.05  # of each side: surely no part of it
_MIDDLE = 0.35  # half-axes of the ellipse that is likely a part of it
_ROUNDS = 4  # at most
_SETTLED = 0.001  # of the picture: a round that changes less is the last
_LEAST, _MOST = 0.04, 0.6  # of the picture
_WITHIN = 0.1  # of the points; leaves and windows draw the eye as well
_MARGIN = 0.03  # of each side, kept around it


def foreground_box(image: Image.Image, points: Sequence[Point]) -> Box | None:
    """Give the box, with a margin, around what stands out; None when nothing surely does.

    Args:
        image: RGB.
        points: What draws the eye, in pixels of `image`.
    """
    scale = min(1.0, _LONG_EDGE / max(image.size))
    size = (round(image.width * scale), round(image.height * scale))
    if min(size) < _SHORTEST or not points:
        return None
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    found = _largest(_parted(np.asarray(small)))
    if found is None:
        return None
    unit = (image.width / size[0], image.height / size[1])
    left, top, right, bottom = (edge * unit[place % 2] for place, edge in enumerate(found))
    inside = sum(left <= x <= right and top <= y <= bottom for x, y in points)
    if inside < _WITHIN * len(points):
        return None
    x, y = image.width * _MARGIN, image.height * _MARGIN
    return (
        max(left - x, 0.0),
        max(top - y, 0.0),
        min(right + x, float(image.width)),
        min(bottom + y, float(image.height)),
    )


def _parted(pixels: np.ndarray) -> np.ndarray:
    """Mark what is not surroundings: (H, W) uint8 in {0, 1}."""
    cv2 = opencv()
    height, width, _ = pixels.shape
    rows, columns = np.mgrid[0:height, 0:width]
    away = np.hypot((rows / height - 0.5) / _MIDDLE, (columns / width - 0.5) / _MIDDLE)
    mask = np.where(away < 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    x, y = max(1, round(width * _RIM)), max(1, round(height * _RIM))
    mask[:y] = mask[-y:] = cv2.GC_BGD
    mask[:, :x] = mask[:, -x:] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # of this thread: the same picture gives the same crop
    models = np.zeros((1, 65)), np.zeros((1, 65))
    colours = np.ascontiguousarray(pixels[:, :, ::-1])
    how = cv2.GC_INIT_WITH_MASK
    for _ in range(_ROUNDS):
        before = mask.copy()
        cv2.grabCut(colours, mask, None, *models, 1, how)
        how = cv2.GC_EVAL
        if np.mean(mask != before) <= _SETTLED:
            break
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)


def _largest(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    """Give the box around the largest part of a mask, if it is of a likely size."""
    _, _, stats, _ = opencv().connectedComponentsWithStats(mask)
    parts = stats[1:]  # (N, 5): left, top, width, height, area; without the background
    if not len(parts):
        return None
    left, top, width, height, area = (int(value) for value in parts[parts[:, 4].argmax()])
    if not _LEAST <= area / mask.size <= _MOST:
        return None
    return (left, top, left + width, top + height)
