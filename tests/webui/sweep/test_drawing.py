"""A sweep is drawn with what differs, its curves in the runs' own colours, and its previews."""

import os

import pytest
from PIL import Image

from textual_inversion.events import Evaluated, Previewed, Started, Stepped
from textual_inversion.runs.past.finding import PastRun
from textual_inversion.runs.state import Run
from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.plan import plan_sweep
from textual_inversion.sweeps.results import Result
from webui.sweep.drawing import MOST_ROWS, sweep_html


@pytest.fixture(scope="module")
def plan():
    given = {"embedding": "cat-x", "dataset_dir": "pictures"}
    return plan_sweep(SweepSettings.build(given, {"over": ("learning_rate=auto,0.005",)}))


def result(plan, place, state, step, folder):
    run = plan.runs[place]
    return Result(run.name, dict(run.values), state, step, 9, 0.25, 3, folder, "", 0.125)


def past(folder, *pictures):
    run = Run(kind="train")
    run.apply(Started("x", 0, 9, str(folder)))
    run.apply(Stepped(1, 9, 0.5, 0.1, 0.1))
    run.apply(Stepped(2, 9, 0.4, 0.1, 0.2))
    run.apply(Evaluated(2, 0.3, 0.0, 0.0, 0.0))
    for picture in pictures:
        run.apply(Previewed(2, str(picture), "x"))
    return PastRun(folder, run)


def test_a_row_says_what_differs_and_can_be_kept_once_it_rests(plan, tmp_path):
    results = [result(plan, 0, "running", 2, tmp_path), result(plan, 1, "finished", 9, tmp_path)]
    html = sweep_html(plan, results, {})
    assert '<th scope="col">Learning rate</th>' in html
    assert "<td>0.005</td>" in html
    assert "<td>9 / 9</td><td>0.1250</td><td>0.2500 at 3</td>" in html
    assert html.count('data-do="keep"') == 1
    assert 'data-which="cat-x-run2"' in html


def test_curves_keep_the_colours_of_the_table(plan, tmp_path):
    runs = {run.name: past(tmp_path / run.name) for run in plan.runs}
    results = [result(plan, place, "finished", 9, tmp_path) for place in (1, 0)]
    html = sweep_html(plan, results, runs)
    assert '<th scope="row" class="ti-run-1">cat-x-run2</th>' in html
    assert html.count('<polyline class="ti-run-1 ti-past-') == 2  # the loss and the fixed batch
    assert "cat-x-run2: Learning rate 0.005" in html


def test_previews_stand_side_by_side(plan, tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "GRADIO_TEMP_DIR", str(tmp_path / "served"))
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    first, second = (run.name for run in plan.runs)
    runs = {first: past(tmp_path, tmp_path / "a.png"), second: past(tmp_path)}
    html = sweep_html(plan, [result(plan, 0, "finished", 9, tmp_path)], runs)
    assert html.count("<img ") == 1
    assert 'alt="cat-x-run1, step 2"' in html


def test_what_a_user_has_named_is_text(plan, tmp_path):
    hostile = "<b>x"
    one = Result(hostile, {"learning_rate": hostile}, "failed", 1, 9, None, 0, None, hostile)
    html = sweep_html(plan, [one], {})
    assert "<b>" not in html


def test_a_long_table_is_cut_and_says_so(plan, tmp_path):
    html = sweep_html(plan, [result(plan, 0, "finished", 9, None)] * (MOST_ROWS + 3), {})
    assert "… and 3 more." in html
