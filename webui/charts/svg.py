"""A small chart as HTML: lines in a stretched SVG, labels as text beside it. Pure.

Stretching leaves strokes and text as they are (`non-scaling-stroke`, labels outside the SVG), so
the same chart is sharp on a phone and on a wide screen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from webui.html import render

WIDTH, HEIGHT = 1000, 300
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Curve:
    """One path of a chart: its data (`d`), and the last part of its class."""

    style: str
    d: str


@dataclass(frozen=True)
class Axes:
    """The ranges that a chart shows."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """Place a value from the left, in the SVG's units."""
        return WIDTH * (value - self.x_low) / ((self.x_high - self.x_low) or 1)

    def y(self, value: float) -> float:
        """Place a value from the top, in the SVG's units."""
        return HEIGHT * (1 - (value - self.y_low) / ((self.y_high - self.y_low) or 1))


def line(axes: Axes, points: Points, style: str) -> Curve:
    """Join points."""
    return Curve(style, "M" + "L".join(_at(axes, x, y) for x, y in points))


def stairs(axes: Axes, points: Points, style: str) -> Curve:
    """Join points by level pieces: each value holds until the next one begins."""
    first, *others = points
    steps = "".join(f"H{axes.x(x):.1f}V{axes.y(y):.1f}" for x, y in others)
    return Curve(style, f"M{_at(axes, *first)}{steps}")


def dots(axes: Axes, points: Points, style: str) -> Curve:
    """Draw points as round dots: strokes of no length with round ends, which never stretch."""
    return Curve(style, "".join(f"M{_at(axes, x, y)}h0" for x, y in points))


def band(axes: Axes, rows: Sequence[tuple[float, float, float]], style: str) -> Curve:
    """Fill between the low and the high of (x, low, high) rows."""
    there = "L".join(_at(axes, x, high) for x, _, high in rows)
    back = "L".join(_at(axes, x, low) for x, low, _ in reversed(rows))
    return Curve(style, f"M{there}L{back}Z")


def plot(
    axes: Axes,
    curves: Sequence[Curve],
    *,
    label: str,
    height_px: int,
    hover_texts: Sequence[tuple[float, str]] = (),
    below: bool = True,
) -> Markup:
    """Draw curves with marks on both axes; `label` is read to those who cannot see.

    Each of `hover_texts` appears while the pointer is near its x. Without `below` the marks of the
    lower axis are left to a chart underneath.
    """
    y_marks = ticks(axes.y_low, axes.y_high, count=4 if height_px > 100 else 2)
    x_marks = [x for x in ticks(axes.x_low, axes.x_high, count=5) if below and x == int(x)]
    grid = [line(axes, [(axes.x_low, y), (axes.x_high, y)], "grid") for y in y_marks]
    column_width = WIDTH / max(len(hover_texts), 1)
    return render(
        "charts/plot",
        label=label,
        width=WIDTH,
        height=HEIGHT,
        height_px=height_px,
        curves=[*grid, *curves],
        columns=[(f"{axes.x(x) - column_width / 2:.1f}", text) for x, text in hover_texts],
        column_width=f"{column_width:.1f}",
        x_marks=[(f"{axes.x(x) / WIDTH * 100:.1f}", f"{x:g}") for x in x_marks],
        y_marks=[(f"{axes.y(y) / HEIGHT * 100:.1f}", f"{y:g}") for y in y_marks],
    )


def legend(keys: Mapping[str, str], *, note: str = "") -> Markup:
    """Draw what each style of curve stands for."""
    return render("charts/legend", keys=keys, note=note)


def ticks(low: float, high: float, *, count: int) -> list[float]:
    """Choose about `count` round numbers in a range."""
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _at(axes: Axes, x: float, y: float) -> str:
    return f"{axes.x(x):.1f} {axes.y(y):.1f}"
