import pytest

from textual_inversion.runs.past.curves import averaged, loss_lines
from textual_inversion.runs.past.finding import PastRun
from textual_inversion.runs.state import Run


def test_the_lines_of_two_runs_share_one_box(pair):
    chart = loss_lines(pair)
    assert (chart.box.first_step, chart.box.last_step, chart.box.high) == (1, 6, 0.5)
    assert [(line.number, line.style) for line in chart.lines] == [
        (0, "loss"), (0, "fixed"), (1, "loss"), (1, "fixed"),
    ]  # fmt: skip
    assert chart.lines[0].points.split()[0] == "0.0,0.0"
    assert chart.lines[2].points.split()[-1].startswith("1000.0,")


def test_a_long_run_is_averaged_over_hundredths_of_it():
    points = averaged([(step, float(step % 2), 0.1) for step in range(1, 1001)])
    assert len(points) == 100
    assert points[0] == (10.0, pytest.approx(0.5))


def test_without_a_loss_there_is_no_chart(tmp_path):
    assert loss_lines([PastRun(tmp_path, Run(kind="train"))]) is None
