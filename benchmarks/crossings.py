"""When a loss first fell to a level. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """The loss of the fixed batch after so many steps, which took so many seconds."""

    step: int
    seconds: float
    loss: float


Curve = Sequence[Reading]


def first_crossing(curve: Curve, level: float) -> Reading | None:
    """Return the first reading at or below `level`; None where there is none."""
    return next((reading for reading in curve if reading.loss <= level), None)


def best(curve: Curve) -> Reading:
    """Return the first of the lowest readings."""
    return min(curve, key=lambda reading: reading.loss)


def levels(curves: Sequence[Curve], shares: Sequence[float]) -> list[float]:
    """Return the losses at `shares` of the way that every curve has gone.

    The way leads from the first reading, which all curves share, to the highest of their lowest
    ones, so that each curve crosses each level.
    """
    start = curves[0][0].loss
    goal = max(best(curve).loss for curve in curves)
    return [goal if share == 1 else start - share * (start - goal) for share in shares]
