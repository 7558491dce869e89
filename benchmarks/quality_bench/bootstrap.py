"""Intervals by the bootstrap over concepts (Efron 1979): percentiles of resampled means. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_ROUNDS = 4000


@dataclass(frozen=True)
class Interval:
    """A mean and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float
    num_values: int = 2
    """One value alone has no interval, and is written without."""

    def __str__(self) -> str:
        return self._written("")

    @property
    def signed(self) -> str:
        """The same with signs, for a difference."""
        return self._written("+")

    def _written(self, sign: str) -> str:
        mean, low, high = (f"{value:{sign}.2f}" for value in (self.mean, self.low, self.high))
        return mean if self.num_values == 1 else f"{mean} ({low} to {high})"


def interval(values: Sequence[float], *, seed: int = 0) -> Interval:
    """Return the mean over concepts with its interval; one concept has none (all three equal).

    Raises:
        ValueError: There are no values.
    """
    if not len(values):
        raise ValueError("an interval needs at least one value")
    numbers = np.asarray(values, dtype=np.float64)
    draw = np.random.default_rng(seed)
    means = numbers[draw.integers(0, len(numbers), (_ROUNDS, len(numbers)))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(numbers.mean()), float(low), float(high), len(numbers))


def difference(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 0) -> Interval:
    """Return the mean of ours - theirs concept by concept, in the same order, with its interval."""
    return interval([a - b for a, b in zip(ours, theirs, strict=True)], seed=seed)
