"""The size a picture is trained at: one for all, an aspect-ratio bucket, or its own. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from PIL import Image

from textual_inversion.images.resizing import Resampling, Size, cover, cut

SIZE_MULTIPLE = 8
"""Sides are multiples of this; a latent is an eighth of its picture."""
BUCKET_STEP = 64
_MAX_ASPECT_RATIO = 4


@dataclass(frozen=True)
class Fit:
    """How pictures are resized and cropped; all but the size are the settings' choices."""

    width: int
    height: int
    sizes: Literal["one", "buckets", "own"] = "one"
    crop: Literal["centre", "random", "squash"] = "centre"
    resampling: Resampling = "lanczos"

    @property
    def min_size(self) -> Size | None:
        """The size below which a picture must not be reduced while decoding; None: not at all."""
        if self.sizes == "own" or self.resampling == "bicubic":
            return None
        return max(self.buckets) if self.sizes == "buckets" else (self.width, self.height)

    @cached_property
    def buckets(self) -> list[Size]:
        """The sizes to choose from."""
        return list_buckets(self.width, self.height)

    def size_for(self, picture: Size) -> Size:
        """Return the size that a picture of this size is trained at."""
        if self.sizes == "one":
            return self.width, self.height
        if self.sizes == "buckets":
            return nearest_bucket(picture, self.buckets)
        return _round_down(picture[0]), _round_down(picture[1])

    def apply(self, picture: Image.Image, size: Size) -> Image.Image:
        """Resize a picture to `size`; for random crops, it stays larger along one axis."""
        if self.sizes == "own":
            left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
            return picture.crop((left, top, left + size[0], top + size[1]))
        if self.crop == "squash":
            box = (0, 0, picture.width, picture.height)
            return cut(picture, box, width=size[0], height=size[1], resampling=self.resampling)
        width, height = (
            self._size_before_crop(picture.size, size) if self.crop == "random" else size
        )
        return cover(picture, width, height, resampling=self.resampling)

    def _size_before_crop(self, picture: Size, size: Size) -> Size:
        scale = max(size[0] / picture[0], size[1] / picture[1])
        return (
            max(size[0], _round_down(picture[0] * scale)),
            max(size[1], _round_down(picture[1] * scale)),
        )


def list_buckets(width: int, height: int) -> list[Size]:
    """List the sizes of at most the area width x height, in steps of 64 (finer if small).

    No side is more than four times the other.
    """
    area = width * height
    step = max(
        SIZE_MULTIPLE,
        min(BUCKET_STEP, min(width, height) // SIZE_MULTIPLE // SIZE_MULTIPLE * SIZE_MULTIPLE),
    )
    sizes = {(width, height)}
    for side in range(step, math.isqrt(area * _MAX_ASPECT_RATIO) + 1, step):
        other = area // side // step * step
        if other and max(side, other) <= _MAX_ASPECT_RATIO * min(side, other):
            sizes |= {(side, other), (other, side)}
    return sorted(sizes)


def nearest_bucket(picture: Size, buckets: list[Size]) -> Size:
    """Choose the bucket of the nearest aspect ratio to the picture's, the largest of equals."""

    def misfit(bucket: Size) -> tuple[float, int]:
        ratio = (picture[0] * bucket[1]) / (picture[1] * bucket[0])
        return round(abs(math.log(ratio)), 6), -bucket[0] * bucket[1]

    return min(buckets, key=misfit)


def _round_down(side: float) -> int:
    return max(SIZE_MULTIPLE, int(side) // SIZE_MULTIPLE * SIZE_MULTIPLE)
