"""Choose the size nearest to a picture's aspect ratio from a grid of sizes. Pure.

Training uses each of these sizes as a bucket, so little of a picture is cropped away.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from textual_inversion.data.resizing import BUCKET_STEP, SIZE_MULTIPLE
from textual_inversion.images.resizing import Size

Objective = Literal["maximize-area", "minimize-error"]


def size_grid(*, edges: tuple[int, int], areas: tuple[int, int]) -> list[Size]:
    """List the sizes whose sides and area are within the bounds, in steps of 64 pixels."""
    low, high = edges
    lengths = range(-(-low // SIZE_MULTIPLE) * SIZE_MULTIPLE, high + 1, BUCKET_STEP)
    return [(w, h) for w in lengths for h in lengths if areas[0] <= w * h <= areas[1]]


def cut_share(picture: Size, size: Size) -> float:
    """Return the share of the picture that a crop to the shape of `size` removes, 0 to 1."""
    ratio = (picture[0] * size[1]) / (picture[1] * size[0])
    return 1 - min(ratio, 1 / ratio)


def best_size(
    picture: Size, sizes: Iterable[Size], *, objective: Objective, max_error: float
) -> Size | None:
    """Choose the largest size, or the one that crops least; None if each crops too much."""
    fitting = [(size, cut_share(picture, size)) for size in sizes]
    fitting = [(size, error) for size, error in fitting if error <= max_error]
    if not fitting:
        return None
    if objective == "maximize-area":
        return max(fitting, key=lambda pair: (pair[0][0] * pair[0][1], -pair[1]))[0]
    return max(fitting, key=lambda pair: (-pair[1], pair[0][0] * pair[0][1]))[0]
