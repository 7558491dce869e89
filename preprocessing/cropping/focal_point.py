"""The focal point of a picture and the crop around it. Pure: points and sizes, no pixels.

Points come in kinds (faces, edges, entropy). The focal point is the mean of the kinds' means,
weighted by the kinds' weights among those that were found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

from textual_inversion.images.resizing import Box, Size
from textual_inversion.settings import PreprocessSettings

Point = tuple[float, float]
Span = tuple[float, float]
Kind = Literal["faces", "edges", "entropy"]


@dataclass(frozen=True)
class Weights:
    """The weight of each kind of point; kinds of weight 0 are not detected."""

    faces: float
    edges: float
    entropy: float

    @classmethod
    def of_settings(cls, settings: PreprocessSettings) -> Self:
        """Return the weights in the settings."""
        return cls(
            faces=settings.focal_face_weight,
            edges=settings.focal_edges_weight,
            entropy=settings.focal_entropy_weight,
        )

    def of(self, kind: Kind) -> float:
        """Return the weight of a kind."""
        return {"faces": self.faces, "edges": self.edges, "entropy": self.entropy}[kind]


def focal_point(found: Mapping[Kind, Sequence[Point]], weights: Weights, *, size: Size) -> Point:
    """Return the weighted mean of all kinds; the picture's center when nothing was found."""
    means = [(weights.of(kind), _mean(points)) for kind, points in found.items() if points]
    total = sum(weight for weight, _ in means)
    if total <= 0:
        return (size[0] / 2, size[1] / 2)
    x = sum(weight * point[0] for weight, point in means) / total
    y = sum(weight * point[1] for weight, point in means) / total
    return (min(max(x, 0.0), float(size[0])), min(max(y, 0.0), float(size[1])))


def crop_around(point: Point, *, size: Size, target: Size) -> Box:
    """Return the largest box of the target's aspect ratio centered as near `point` as possible."""
    width = min(float(size[0]), size[1] * target[0] / target[1])
    height = min(float(size[1]), size[0] * target[1] / target[0])
    left = min(max(point[0] - width / 2, 0.0), size[0] - width)
    top = min(max(point[1] - height / 2, 0.0), size[1] - height)
    return (left, top, min(left + width, float(size[0])), min(top + height, float(size[1])))


def shift_to_contain(box: Box, foreground_box: Box) -> Box:
    """Shift a box as little as possible to contain `foreground_box`, or to lie within it."""
    left, right = _shifted((box[0], box[2]), (foreground_box[0], foreground_box[2]))
    top, bottom = _shifted((box[1], box[3]), (foreground_box[1], foreground_box[3]))
    return (left, top, right, bottom)


def _shifted(span: Span, foreground: Span) -> Span:
    low, high = sorted((foreground[0], foreground[1] - (span[1] - span[0])))
    offset = min(max(span[0], low), high) - span[0]
    return (span[0] + offset, span[1] + offset)


def _mean(points: Sequence[Point]) -> Point:
    return (sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points))
