"""Detectors of points of interest: faces, corners, and the window of highest entropy.

All take one grayscale picture, (H, W) uint8, and return points in its pixels.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from PIL import Image

from preprocessing.cropping.focal_point import Point, Size
from preprocessing.cropping.opencv import cascades_folder, import_opencv

# Tried in turn until one finds a face.
_DETECTORS = ("frontalface_alt2", "frontalface_default", "profileface")
_FACE_EDGE = 200  # pixels of the short side; finding faces takes most of the time
_MIN_FACE = 0.1  # of the short side
_FACE_SCALES = 1.2  # from one size of faces to the next
_NEIGHBOURS = 4  # detections that must agree
_EYES = 0.33  # how far down a face they are
_MAX_CORNERS = 100
_CORNER_QUALITY = 0.04
_CORNER_GAP = 0.06  # of the short side
_CAPTION_STRIP = 0.1  # at the bottom, where watermarks are
_STRIDE = 4  # pixels from one window to the next

_thread = threading.local()  # a detector must not be shared between threads


def find_faces(grey: np.ndarray) -> list[Point]:
    """Detect frontal and profile faces; return a point between the eyes of each."""
    small, scale = _shrunk(grey)
    smallest = max(1, round(min(small.shape) * _MIN_FACE))
    for name in _DETECTORS:
        boxes = _detector(name).detectMultiScale(
            small,
            scaleFactor=_FACE_SCALES,
            minNeighbors=_NEIGHBOURS,
            minSize=(smallest, smallest),
        )
        if len(boxes):
            return [((x + w / 2) / scale[0], (y + h * _EYES) / scale[1]) for x, y, w, h in boxes]
    return []


def find_corners(grey: np.ndarray) -> list[Point]:
    """Detect the strongest corners (Shi and Tomasi, 1994), except in a strip at the bottom."""
    allowed = np.full(grey.shape, 255, dtype=np.uint8)
    allowed[round(len(grey) * (1 - _CAPTION_STRIP)) :] = 0
    found = import_opencv().goodFeaturesToTrack(
        grey,
        maxCorners=_MAX_CORNERS,
        qualityLevel=_CORNER_QUALITY,
        minDistance=min(grey.shape) * _CORNER_GAP,
        mask=allowed,
        useHarrisDetector=False,
    )
    return [] if found is None else [(float(x), float(y)) for x, y in found.reshape(-1, 2)]


def find_busiest_window(grey: np.ndarray, *, window: Size) -> list[Point]:
    """Return the center of the window of highest entropy, at one bit a pixel.

    The window slides along the axis on which it is shorter than the picture; no point if neither.
    """
    height, width = grey.shape
    axis = 0 if height - window[1] > width - window[0] else 1
    length, part = ((height, window[1]), (width, window[0]))[axis]
    if length - part < 1:
        return []
    bits = np.asarray(Image.fromarray(grey).convert("1"), dtype=np.float64)  # (H, W) in {0, 1}
    sums = np.concatenate([[0.0], np.cumsum(bits.mean(axis=1 - axis))])
    begins = np.arange(0, length - part + 1, _STRIDE)
    light = np.clip((sums[begins + part] - sums[begins]) / part, 1e-9, 1 - 1e-9)
    entropy = -light * np.log2(light) - (1 - light) * np.log2(1 - light)
    middle = float(begins[int(entropy.argmax())] + part / 2)
    return [(middle, height / 2) if axis else (width / 2, middle)]


def _shrunk(grey: np.ndarray) -> tuple[np.ndarray, Point]:
    """Return a copy that is just large enough for face detection, and its scale in x and y."""
    height, width = grey.shape
    scale = min(1.0, _FACE_EDGE / min(grey.shape))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(grey).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(small), (size[0] / width, size[1] / height)


def _detector(name: str) -> Any:
    detectors: dict[str, Any] = _thread.__dict__
    if name not in detectors:
        cv2 = import_opencv()
        detectors[name] = cv2.CascadeClassifier(
            str(cascades_folder(cv2) / f"haarcascade_{name}.xml")
        )
    return detectors[name]
