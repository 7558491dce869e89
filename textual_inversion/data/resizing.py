"""Which size a picture is trained at: one for all, a bucket of its shape, or its own. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from PIL import Image

from textual_inversion.images.resizing import Size, cover, cut

GRAIN = 8
"""A latent is an eighth of its picture."""
BUCKET_STEP = 64
_LONGEST = 4  # times the short side


@dataclass(frozen=True)
class Fit:
    """How pictures are brought to a size: which, and what of them is kept."""

    width: int
    height: int
    sizes: Literal["one", "buckets", "own"] = "one"
    crop: Literal["centre", "random", "squash"] = "centre"

    @property
    def at_least(self) -> Size | None:
        """Give the size below which a picture must not be reduced while it is read."""
        if self.sizes == "own":
            return None
        return max(self.buckets) if self.sizes == "buckets" else (self.width, self.height)

    @cached_property
    def buckets(self) -> list[Size]:
        """List the sizes to choose from."""
        return list_buckets(self.width, self.height)

    def size_for(self, picture: Size) -> Size:
        """Tell the size that a picture of this size is trained at."""
        if self.sizes == "one":
            return self.width, self.height
        if self.sizes == "buckets":
            return nearest_bucket(picture, self.buckets)
        return _trimmed(picture[0]), _trimmed(picture[1])

    def apply(self, picture: Image.Image, size: Size) -> Image.Image:
        """Bring a picture to `size`; for random crops it still stands out on one axis."""
        if self.sizes == "own":
            left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
            return picture.crop((left, top, left + size[0], top + size[1]))
        if self.crop == "squash":
            box = (0, 0, picture.width, picture.height)
            return cut(picture, box, width=size[0], height=size[1])
        width, height = self._room(picture.size, size) if self.crop == "random" else size
        return cover(picture, width, height)

    def _room(self, picture: Size, size: Size) -> Size:
        scale = max(size[0] / picture[0], size[1] / picture[1])
        return (
            max(size[0], _trimmed(picture[0] * scale)),
            max(size[1], _trimmed(picture[1] * scale)),
        )


def list_buckets(width: int, height: int) -> list[Size]:
    """List the sizes of at most the area width x height, in steps of 64, or finer for small ones.

    No side is more than four times the other.
    """
    area = width * height
    step = max(GRAIN, min(BUCKET_STEP, min(width, height) // GRAIN // GRAIN * GRAIN))
    found = {(width, height)}
    for side in range(step, math.isqrt(area * _LONGEST) + 1, step):
        other = area // side // step * step
        if other and max(side, other) <= _LONGEST * min(side, other):
            found |= {(side, other), (other, side)}
    return sorted(found)


def nearest_bucket(picture: Size, buckets: list[Size]) -> Size:
    """Choose the bucket whose shape is nearest to the picture's, the largest of equals."""

    def misfit(bucket: Size) -> tuple[float, int]:
        ratio = (picture[0] * bucket[1]) / (picture[1] * bucket[0])
        return round(abs(math.log(ratio)), 6), -bucket[0] * bucket[1]

    return min(buckets, key=misfit)


def _trimmed(side: float) -> int:
    return max(GRAIN, int(side) // GRAIN * GRAIN)
