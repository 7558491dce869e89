"""The losses of runs over one another, as the points of an SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual_inversion.runs.downsampling import bucketed
from textual_inversion.runs.past.finding import PastRun

WIDTH, HEIGHT = 1000, 300
Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One line: which run's, "loss" or "fixed" for the fixed batch, and its points "x,y x,y"."""

    number: int
    style: str
    points: str


@dataclass(frozen=True)
class Box:
    """What the edges of the box of 1000 x 300 stand for."""

    first_step: int
    last_step: int
    low: float
    high: float


@dataclass(frozen=True)
class Chart:
    """Lines in a box."""

    box: Box
    lines: list[Line]


def loss_lines(runs: Sequence[PastRun]) -> Chart | None:
    """Draw each run's loss, averaged over hundredths of it, and its fixed batch's.

    None where no run has read a loss.
    """
    read = [
        (number, style, points)
        for number, past in enumerate(runs)
        for style, points in (
            ("loss", averaged(past.run.losses)),
            ("fixed", [(float(one.step), one.loss) for one in past.run.evaluations]),
        )
        if points
    ]
    if not read:
        return None
    xs = [x for *_, points in read for x, _ in points]
    ys = [y for *_, points in read for _, y in points]
    box = Box(int(min(xs)), int(max(xs)), min(ys), max(ys))
    return Chart(box, [Line(n, style, _placed(box, points)) for n, style, points in read])


def averaged(losses: Sequence[tuple[int, float, float]]) -> Points:
    """Average neighbours of (step, loss, rate) until few are left; each stands at its last step."""
    return [(float(bucket.step), bucket.mean) for bucket in bucketed(losses)]


def _placed(box: Box, points: Points) -> str:
    across = (box.last_step - box.first_step) or 1
    up = (box.high - box.low) or 1
    placed = [
        (WIDTH * (x - box.first_step) / across, HEIGHT * (1 - (y - box.low) / up))
        for x, y in points
    ]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
