"""The losses of runs over one another, as the points of an SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from textual_inversion.runs.past.finding import PastRun

WIDTH, HEIGHT = 1000, 300
_MOST_POINTS = 100
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One line: which run's, "loss" or "fixed" for the fixed batch, and its points "x,y x,y"."""

    number: int
    style: str
    points: str


@dataclass(frozen=True)
class Chart:
    """Lines in a box of 1000 x 300, and what its edges stand for."""

    lines: list[Line]
    first_step: int
    last_step: int
    low: float
    high: float


def loss_lines(runs: Sequence[PastRun]) -> Chart | None:
    """Draw each run's loss, averaged over hundredths of it, and its fixed batch's.

    None where no run has read a loss.
    """
    read = [
        (number, style, points)
        for number, past in enumerate(runs)
        for style, points in (
            ("loss", averaged([(float(step), loss) for step, loss, _ in past.run.losses])),
            ("fixed", [(float(one.step), one.loss) for one in past.run.evaluations]),
        )
        if points
    ]
    if not read:
        return None
    xs = [x for *_, points in read for x, _ in points]
    ys = [y for *_, points in read for _, y in points]
    chart = Chart([], int(min(xs)), int(max(xs)), min(ys), max(ys))
    return Chart([Line(n, s, _placed(chart, p)) for n, s, p in read], *_edges(chart))


def averaged(points: Points, most: int = _MOST_POINTS) -> Points:
    """Average neighbours until at most so many points are left; each stands at its last x."""
    size = -(-len(points) // most) or 1
    parts = [points[at : at + size] for at in range(0, len(points), size)]
    return [(part[-1][0], fmean(y for _, y in part)) for part in parts]


def _edges(chart: Chart) -> tuple[int, int, float, float]:
    return chart.first_step, chart.last_step, chart.low, chart.high


def _placed(chart: Chart, points: Points) -> str:
    across = (chart.last_step - chart.first_step) or 1
    up = (chart.high - chart.low) or 1
    placed = [
        (WIDTH * (x - chart.first_step) / across, HEIGHT * (1 - (y - chart.low) / up))
        for x, y in points
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
