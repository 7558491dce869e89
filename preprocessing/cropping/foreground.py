"""The bounding box of the foreground.

GrabCut (Rother, Kolmogorov and Blake, 2004) separates colors like those in the center from colors
like those at the border. It always finds something, so its result is used only when it has a
likely size and contains some of the points of interest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from preprocessing.cropping.focal_point import Point
from preprocessing.cropping.opencv import import_opencv
from textual_inversion.images.resizing import Box

_LONG_EDGE = 128  # pixels
_MIN_EDGE = 16
_BORDER = 0.05  # of each side: surely no part of it
_MIDDLE = 0.35  # half-axes of the ellipse that is likely a part of it
_ITERATIONS = 4  # at most
_SETTLED = 0.001  # of the picture: a round that changes less is the last
_MIN_AREA, _MAX_AREA = 0.04, 0.6  # of the picture
_WITHIN = 0.1  # of the points; leaves and windows draw the eye as well
_MARGIN = 0.03  # of each side, kept around it


def foreground_box(image: Image.Image, points: Sequence[Point]) -> Box | None:
    """Return the foreground's bounding box with a margin; None when it is uncertain.

    Args:
        image: RGB.
        points: Points of interest, in pixels of `image`.
    """
    scale = min(1.0, _LONG_EDGE / max(image.size))
    size = (round(image.width * scale), round(image.height * scale))
    if min(size) < _MIN_EDGE or not points:
        return None
    small = image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
    found = _largest_component(_segment(np.asarray(small)))
    if found is None:
        return None
    unit = (image.width / size[0], image.height / size[1])
    left, top, right, bottom = (edge * unit[index % 2] for index, edge in enumerate(found))
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


def _segment(pixels: np.ndarray) -> np.ndarray:
    """Segment the foreground: (H, W) uint8 in {0, 1}."""
    cv2 = import_opencv()
    height, width, _ = pixels.shape
    rows, columns = np.mgrid[0:height, 0:width]
    away = np.hypot((rows / height - 0.5) / _MIDDLE, (columns / width - 0.5) / _MIDDLE)
    mask = np.where(away < 1, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    x, y = max(1, round(width * _BORDER)), max(1, round(height * _BORDER))
    mask[:y] = mask[-y:] = cv2.GC_BGD
    mask[:, :x] = mask[:, -x:] = cv2.GC_BGD
    cv2.setRNGSeed(0)  # per thread: the same picture always has the same crop
    models = np.zeros((1, 65)), np.zeros((1, 65))
    colors = np.ascontiguousarray(pixels[:, :, ::-1])
    how = cv2.GC_INIT_WITH_MASK
    for _ in range(_ITERATIONS):
        before = mask.copy()
        cv2.grabCut(colors, mask, None, *models, 1, how)
        how = cv2.GC_EVAL
        if np.mean(mask != before) <= _SETTLED:
            break
    return np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)


def _largest_component(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    """Return the bounding box of a mask's largest component, if it has a likely size."""
    _, _, stats, _ = import_opencv().connectedComponentsWithStats(mask)
    parts = stats[1:]  # (N, 5): left, top, width, height, area; without the background
    if not len(parts):
        return None
    left, top, width, height, area = (int(value) for value in parts[parts[:, 4].argmax()])
    if not _MIN_AREA <= area / mask.size <= _MAX_AREA:
        return None
    return (left, top, left + width, top + height)
