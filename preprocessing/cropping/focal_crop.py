"""Crop a picture around its focal point, and draw a debug image of it."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from preprocessing.cropping.border_colors import without_border_colors
from preprocessing.cropping.detectors import find_busiest_window, find_corners, find_faces
from preprocessing.cropping.focal_point import (
    Kind,
    Point,
    Size,
    Weights,
    crop_around,
    focal_point,
    shift_to_contain,
)
from preprocessing.cropping.foreground import foreground_box
from textual_inversion.images.color import over_white
from textual_inversion.images.resizing import Box, cut

_SHORT_EDGE, _LONG_EDGE = 400, 2048  # pixels, at most; enough for the detectors
_thread = threading.local()  # the last result of each thread
_COLORS: dict[Kind, str] = {"faces": "#e6194b", "edges": "#4363d8", "entropy": "#3cb44b"}


@dataclass(frozen=True)
class FocalPoint:
    """The points found in a picture by kind, its focus, and the crop box; in its pixels."""

    found: Mapping[Kind, Sequence[Point]]
    focus: Point
    box: Box


def focal_crop(image: Image.Image, target: Size, weights: Weights) -> Image.Image:
    """Crop the largest box of the target's aspect ratio around the focus, resized to the target."""
    box = find_focus(image, target, weights).box
    return cut(image, box, width=target[0], height=target[1])


def find_focus(image: Image.Image, target: Size, weights: Weights) -> FocalPoint:
    """Find the focus of a picture; the last result is cached for the debug image."""
    key = (target, weights)
    last = getattr(_thread, "last", None)
    if last and last[0]() is image and last[1] == key:
        return last[2]
    focal = _compute_focus(image, target, weights)
    _thread.last = (weakref.ref(image), key, focal)
    return focal


def _compute_focus(image: Image.Image, target: Size, weights: Weights) -> FocalPoint:
    """Find the focus; the detectors are skipped when the crop cannot move."""
    whole = crop_around((0, 0), size=image.size, target=target)
    if image.width - whole[2] < 1 and image.height - whole[3] < 1:
        middle = (image.width / 2, image.height / 2)
        return FocalPoint({}, middle, crop_around(middle, size=image.size, target=target))
    small, scale = _small(image)
    grey = np.asarray(small.convert("L"))  # (H, W) uint8
    window = (max(1, int(whole[2] * scale[0])), max(1, int(whole[3] * scale[1])))
    small_points: dict[Kind, list[Point]] = {
        "faces": find_faces(grey) if weights.faces else [],
        "edges": without_border_colors(find_corners(grey), small) if weights.edges else [],
        "entropy": find_busiest_window(grey, window=window) if weights.entropy else [],
    }
    found: dict[Kind, list[Point]] = {
        kind: [(x / scale[0], y / scale[1]) for x, y in points]
        for kind, points in small_points.items()
    }
    focus = focal_point(found, weights, size=image.size)
    box = crop_around(focus, size=image.size, target=target)
    if subject := foreground_box(small, small_points["edges"]):
        left, top, right, bottom = subject
        box = shift_to_contain(
            box, (left / scale[0], top / scale[1], right / scale[0], bottom / scale[1])
        )
    return FocalPoint(found, focus, box)


def draw_debug_image(image: Image.Image, focal: FocalPoint) -> Image.Image:
    """Return a small copy with the crop box, the points of each kind, and the focus as a cross."""
    canvas = over_white(image) if image.mode == "RGBA" else image.copy()
    canvas.thumbnail((1024, 1024))
    scale = canvas.width / image.width
    pen = ImageDraw.Draw(canvas)
    pen.rectangle([edge * scale for edge in focal.box], outline="white", width=3)
    for kind, points in focal.found.items():
        for x, y in points:
            pen.circle((x * scale, y * scale), 6, outline=_COLORS[kind], width=3)
    x, y = focal.focus[0] * scale, focal.focus[1] * scale
    pen.line((x - 16, y, x + 16, y), fill="white", width=3)
    pen.line((x, y - 16, x, y + 16), fill="white", width=3)
    return canvas


def _small(image: Image.Image) -> tuple[Image.Image, tuple[float, float]]:
    """Return a small RGB copy, and its scale in x and y."""
    scale = min(_SHORT_EDGE / min(image.size), _LONG_EDGE / max(image.size), 1.0)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Transparent pixels should not be detected.
    flat = over_white(image) if image.mode == "RGBA" else image
    flat = flat if flat.mode == "RGB" else flat.convert("RGB")
    small = flat.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small, (size[0] / image.width, size[1] / image.height)
