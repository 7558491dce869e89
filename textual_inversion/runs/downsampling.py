"""Long histories made short enough to draw: in buckets, or some steps of many. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

NUM_BUCKETS = 100
SMOOTHING = 0.85


@dataclass(frozen=True)
class Bucket:
    """Neighbouring steps as one: where they end, and the losses in them."""

    step: int
    low: float
    mean: float
    high: float
    rate: float


def bucketed(
    losses: Sequence[tuple[int, float, float]], *, num_buckets: int = NUM_BUCKETS
) -> list[Bucket]:
    """Fold (step, loss, rate) rows into at most `num_buckets`; the newest row is always in."""
    if not losses:
        return []
    rows = np.asarray(losses, dtype=np.float64)  # (N, 3)
    size = -(-len(rows) // num_buckets)
    starts = np.arange(0, len(rows), size)
    ends = np.minimum(starts + size, len(rows))
    loss = rows[:, 1]
    low, high = np.minimum.reduceat(loss, starts), np.maximum.reduceat(loss, starts)
    mean = np.add.reduceat(loss, starts) / (ends - starts)
    last = rows[ends - 1]
    return [
        Bucket(int(last[k, 0]), float(low[k]), float(mean[k]), float(high[k]), float(last[k, 2]))
        for k in range(len(starts))
    ]


def smoothed(values: Sequence[float], *, memory: float = SMOOTHING) -> list[float]:
    """Average each value with those before it, weighing older ones less (no bias at the start)."""
    result: list[float] = []
    total = weight = 0.0
    for value in values:
        total = memory * total + (1 - memory) * value
        weight = memory * weight + (1 - memory)
        result.append(total / weight)
    return result


def thin(steps: Sequence[int], most: int) -> list[int]:
    """Choose at most so many steps, evenly; the first and the last are among them."""
    if len(steps) <= most:
        return list(steps)
    return [steps[round(at * (len(steps) - 1) / (most - 1))] for at in range(most)]
