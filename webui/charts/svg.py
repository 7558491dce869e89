"""A small chart as HTML: lines in a stretched SVG, labels as text beside it. Pure.

Stretching leaves strokes and text as they are (`non-scaling-stroke`, labels outside the SVG), so
the same chart is sharp on a phone and on a wide screen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 1000, 300
Points = Sequence[tuple[float, float]]


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


def line(axes: Axes, points: Points, style: str) -> str:
    """Join points."""
    return _path("M" + "L".join(_at(axes, x, y) for x, y in points), style)


def stairs(axes: Axes, points: Points, style: str) -> str:
    """Join points by level pieces: each value holds until the next one begins."""
    first, *others = points
    drawn = "M" + _at(axes, *first)
    drawn += "".join(f"H{axes.x(x):.1f}V{axes.y(y):.1f}" for x, y in others)
    return _path(drawn, style)


def dots(axes: Axes, points: Points, style: str) -> str:
    """Draw points as round dots: strokes of no length with round ends, which never stretch."""
    return _path("".join(f"M{_at(axes, x, y)}h0" for x, y in points), style)


def band(axes: Axes, rows: Sequence[tuple[float, float, float]], style: str) -> str:
    """Fill between the low and the high of (x, low, high) rows."""
    there = "L".join(_at(axes, x, high) for x, _, high in rows)
    back = "L".join(_at(axes, x, low) for x, low, _ in reversed(rows))
    return _path(f"M{there}L{back}Z", style)


def columns(axes: Axes, told: Sequence[tuple[float, str]]) -> str:
    """Lay a clear column over each x, whose text appears under the pointer."""
    width = WIDTH / max(len(told), 1)
    return "".join(
        f'<rect x="{axes.x(x) - width / 2:.1f}" y="0" width="{width:.1f}" height="{HEIGHT}" '
        f'class="ti-hover"><title>{escape(text)}</title></rect>'
        for x, text in told
    )


def chart(
    axes: Axes, drawn: Sequence[str], *, label: str, height_px: int, below: bool = True
) -> str:
    """Frame what was drawn, with marks on both axes; `label` is read to those who cannot see.

    Without `below` the marks of the lower axis are left to a chart underneath.
    """
    y_marks = ticks(axes.y_low, axes.y_high, count=4 if height_px > 100 else 2)
    x_marks = [x for x in ticks(axes.x_low, axes.x_high, count=5) if below and x == int(x)]
    grid = "".join(line(axes, [(axes.x_low, y), (axes.x_high, y)], "grid") for y in y_marks)
    y_text = "".join(
        f'<span class="ti-y" style="top:{axes.y(y) / HEIGHT * 100:.1f}%">{y:g}</span>'
        for y in y_marks
    )
    x_text = "".join(
        f'<span class="ti-x" style="left:{axes.x(x) / WIDTH * 100:.1f}%">{x:g}</span>'
        for x in x_marks
    )
    return (
        f'<div class="ti-plot" style="height:{height_px}px" role="img" '
        f'aria-label="{escape(label)}"><svg viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none">{grid}{"".join(drawn)}</svg>{y_text}{x_text}</div>'
    )


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


def _path(drawn: str, style: str) -> str:
    return f'<path class="ti-{style}" d="{drawn}"/>'
