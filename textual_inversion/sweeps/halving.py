"""Early stopping of a sweep's weaker runs by successive halving. Pure.

Jamieson & Talwalkar 2016 (arXiv:1502.07943), with the rungs of ASHA (Li et al. 2018,
arXiv:1810.05934): at each rung the best 1/factor go on. ASHA decides as runs arrive, so that no
worker waits for the slowest; here one device takes all runs to a rung before they are judged, so
what goes on depends neither on their order nor on an interruption.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual_inversion.events import Evaluated


@dataclass(frozen=True)
class Halving:
    """Keeps 1/`factor` of the runs at step `grace`, and at each step `factor` times later."""

    factor: int = 0
    grace: int = 100

    @property
    def is_on(self) -> bool:
        """Whether any run may end early."""
        return self.factor > 1

    def rungs(self, total: int) -> list[int]:
        """List the steps below `total` at which runs are judged."""
        steps: list[int] = []
        step = self.grace
        while self.is_on and step < total:
            steps.append(step)
            step *= self.factor
        return steps

    def going_on(self, losses: Mapping[str, float]) -> list[str]:
        """Name the runs that go on, the best first; of equal losses the first one is better."""
        kept = math.ceil(len(losses) / self.factor)
        return sorted(losses, key=lambda name: losses[name])[:kept]

    def num_steps(self, totals: Iterable[int]) -> int:
        """Count the steps of runs of so many steps each, if those that end early are the first."""
        left, count, before = sorted(totals), 0, 0
        for rung in self.rungs(max(left, default=0)):
            count += sum(max(min(total, rung) - before, 0) for total in left)
            left, before = left[-math.ceil(len(left) / self.factor) :], rung
        return count + sum(max(total - before, 0) for total in left)


def reading_step(rung: int, every: int) -> int:
    """Return the first step from a rung on at which a run that evaluates so often is measured."""
    return -(-rung // every) * every


def loss_at(evaluations: Iterable[Evaluated], rung: int, *, every: int, total: int) -> float | None:
    """Find the loss of the fixed batch by which a run is judged at a rung, None before it is there.

    A run of fewer steps is judged by its last loss.
    """
    step = min(reading_step(rung, every), total)
    return next((one.loss for one in evaluations if one.step == step), None)
