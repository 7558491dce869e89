"""Crop a picture around what is worth seeing in it, and draw how that was decided."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from preprocessing.cropping.border_colors import without_border_colors
from preprocessing.cropping.detectors import busiest_window, corners, faces
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

_SHORT_EDGE, _LONG_EDGE = 400, 2048  # pixels are enough to see by
_own = threading.local()  # what each thread looked at last
_INKS: dict[Kind, str] = {"faces": "#e6194b", "edges": "#4363d8", "entropy": "#3cb44b"}


@dataclass(frozen=True)
class FocalPoint:
    """What was seen in a picture: points by kind, the focus, and the crop; in its own pixels."""

    found: Mapping[Kind, Sequence[Point]]
    focus: Point
    box: Box


def focal_crop(image: Image.Image, target: Size, weights: Weights) -> Image.Image:
    """Cut the largest part of the target's shape around the focus, scaled to the target."""
    box = look(image, target, weights).box
    return cut(image, box, width=target[0], height=target[1])


def look(image: Image.Image, target: Size, weights: Weights) -> FocalPoint:
    """Find the focus of a picture, once for its crop and for the drawing of how it was found."""
    asked = (target, weights)
    last = getattr(_own, "last", None)
    if last and last[0]() is image and last[1] == asked:
        return last[2]
    focal = _looked(image, target, weights)
    _own.last = (weakref.ref(image), asked, focal)
    return focal


def _looked(image: Image.Image, target: Size, weights: Weights) -> FocalPoint:
    """Find the focus; nothing is looked for when there is nothing to choose."""
    whole = crop_around((0, 0), size=image.size, target=target)
    if image.width - whole[2] < 1 and image.height - whole[3] < 1:
        middle = (image.width / 2, image.height / 2)
        return FocalPoint({}, middle, crop_around(middle, size=image.size, target=target))
    small, scale = _small(image)
    grey = np.asarray(small.convert("L"))  # (H, W) uint8
    window = (max(1, int(whole[2] * scale[0])), max(1, int(whole[3] * scale[1])))
    seen: dict[Kind, list[Point]] = {
        "faces": faces(grey) if weights.faces else [],
        "edges": without_border_colors(corners(grey), small) if weights.edges else [],
        "entropy": busiest_window(grey, window=window) if weights.entropy else [],
    }
    found: dict[Kind, list[Point]] = {
        kind: [(x / scale[0], y / scale[1]) for x, y in points] for kind, points in seen.items()
    }
    focus = focal_point(found, weights, size=image.size)
    box = crop_around(focus, size=image.size, target=target)
    if subject := foreground_box(small, seen["edges"]):
        left, top, right, bottom = subject
        box = shift_to_contain(
            box, (left / scale[0], top / scale[1], right / scale[0], bottom / scale[1])
        )
    return FocalPoint(found, focus, box)


def drawing(image: Image.Image, focal: FocalPoint) -> Image.Image:
    """Draw a small copy with the crop, the points of each kind, and the focus as a cross."""
    shown = over_white(image) if image.mode == "RGBA" else image.copy()
    shown.thumbnail((1024, 1024))
    scale = shown.width / image.width
    pen = ImageDraw.Draw(shown)
    pen.rectangle([edge * scale for edge in focal.box], outline="white", width=3)
    for kind, points in focal.found.items():
        for x, y in points:
            pen.circle((x * scale, y * scale), 6, outline=_INKS[kind], width=3)
    x, y = focal.focus[0] * scale, focal.focus[1] * scale
    pen.line((x - 16, y, x + 16, y), fill="white", width=3)
    pen.line((x, y - 16, x, y + 16), fill="white", width=3)
    return shown


def _small(image: Image.Image) -> tuple[Image.Image, tuple[float, float]]:
    """Give a small copy in RGB, and its scale along x and y."""
    scale = min(_SHORT_EDGE / min(image.size), _LONG_EDGE / max(image.size), 1.0)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # What is hidden should not draw the eye.
    flat = over_white(image) if image.mode == "RGBA" else image
    flat = flat if flat.mode == "RGB" else flat.convert("RGB")
    small = flat.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return small, (size[0] / image.width, size[1] / image.height)
