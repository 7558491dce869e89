"""Which size suits the shape of a picture: chosen from a grid of sizes. Pure.

Training takes each of these sizes as a bucket of its own, so little of a picture is cut away.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from textual_inversion.data.resizing import BUCKET_STEP, GRAIN
from textual_inversion.images.resizing import Size

Objective = Literal["maximize-area", "minimize-error"]


def grid(*, edges: tuple[int, int], areas: tuple[int, int]) -> list[Size]:
    """List the sizes whose edges and area lie within the bounds, in steps of 64 pixels."""
    low, high = edges
    lengths = range(-(-low // GRAIN) * GRAIN, high + 1, BUCKET_STEP)
    return [(w, h) for w in lengths for h in lengths if areas[0] <= w * h <= areas[1]]


def mismatch(picture: Size, size: Size) -> float:
    """Tell which share of the picture a crop to `size` cuts away: 0 is none."""
    ratio = (picture[0] * size[1]) / (picture[1] * size[0])
    return 1 - min(ratio, 1 / ratio)


def best(
    picture: Size, sizes: Iterable[Size], *, objective: Objective, most_error: float
) -> Size | None:
    """Choose the largest size, or the one that cuts away least; None when each cuts too much."""
    fitting = [(size, mismatch(picture, size)) for size in sizes]
    fitting = [(size, error) for size, error in fitting if error <= most_error]
    if not fitting:
        return None
    if objective == "maximize-area":
        return max(fitting, key=lambda one: (one[0][0] * one[0][1], -one[1]))[0]
    return max(fitting, key=lambda one: (-one[1], one[0][0] * one[0][1]))[0]
