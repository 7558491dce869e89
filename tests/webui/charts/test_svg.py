"""Marks are round numbers, and points land where they should."""

import pytest

from webui.charts import svg


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0, 1, [0, 0.5, 1]),
        (0, 0.3, [0, 0.1, 0.2, 0.3]),
        (1, 119, [50, 100]),
        (5, 5, [5]),
        (0, 1e-5, [0, 5e-6, 1e-5]),
    ],
)
def test_marks_are_round(low, high, marks):
    assert svg.ticks(low, high, count=3) == pytest.approx(marks)


def test_corners_of_the_axes_are_corners_of_the_picture():
    axes = svg.Axes(10, 20, 0, 4)
    assert (axes.x(10), axes.x(20), axes.y(4), axes.y(0)) == (0, svg.WIDTH, 0, svg.HEIGHT)


def test_stairs_hold_each_value_until_the_next():
    axes = svg.Axes(0, 10, 0, 1)
    drawn = svg.stairs(axes, [(0, 1), (5, 0.5)], "rate")
    assert drawn == svg.Curve("rate", "M0.0 0.0H500.0V150.0")


def test_a_label_is_escaped():
    assert "&lt;i&gt;" in svg.plot(svg.Axes(0, 1, 0, 1), [], label="<i>", height_px=50)
