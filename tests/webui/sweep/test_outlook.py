"""Before a sweep begins, its runs are counted, and time is told where a step was measured."""

import json

import pytest

from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.plan import plan_sweep
from textual_inversion.sweeps.record import working_on
from webui.sweep.outlook import outlook_html

VALUES = {"embedding": "cat-x", "dataset_dir": "pictures"}


@pytest.fixture
def run(home):
    """Write a run of two seconds a step."""

    def write(name, **settings):
        folder = home / "runs" / "2026-01-01" / name
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"embedding": name, **settings}))
        event = {"event": "stepped", "total": 10, "loss": 0.1, "learning_rate": 0.1}
        rows = [{**event, "step": n, "seconds": 2 * n} for n in range(1, 11)]
        (folder / "events.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")

    return write


def test_runs_and_steps_are_counted_and_nothing_is_made_up_of_time(home):
    for named in ({}, {"embedding": ""}):
        said = outlook_html({**VALUES, **named})
        assert "2 runs, 1,000 steps in all. No run of these settings was measured" in said


def test_time_is_told_from_a_run_that_was_trained_alone(home, run):
    run("glimmer")
    said = outlook_html({**VALUES, "max_steps": 30})
    assert "At most about 2 min: a step of glimmer, which was trained alone, took 2 s" in said


def test_a_run_of_a_sweep_tells_nothing_of_time(home, pictures, run):
    with working_on(plan_sweep(SweepSettings.build(VALUES, {"over": ("seed=0,1",)}))):
        run("cat-x-run1")
    assert "nothing is said of time" in outlook_html({**VALUES, "name": "other-x"})


def test_time_is_told_only_if_all_paces_are_known(home, run):
    run("glimmer")
    varied = {"setting_1": "batch_size", "values_1": "4, 8"}
    assert "nothing is said of time" in outlook_html({**VALUES, **varied})
    run("spark", batch_size=8)
    assert "At most about" in outlook_html({**VALUES, **varied})


def test_early_stopping_and_samples_are_counted(home):
    stopped = {"values_1": "0.1, 0.2, 0.3, 0.4", "reduction_factor": 2, "grace_period": 100}
    # 4 to 100, 2 to 200, 1 to 400, 1 to 500
    said = outlook_html({**VALUES, **stopped})
    assert "4 runs, about 900 steps in all" in said
    assert "1 run, 500 steps" in outlook_html({**VALUES, "samples": 1})


def test_many_runs_are_counted_without_being_made(home):
    numbers = ",".join(map(str, range(900)))
    said = outlook_html({**VALUES, "setting_1": "seed", "values_1": numbers})
    assert "900 runs; time and steps are told for up to 200." in said


def test_what_is_wrong_is_said_in_the_pages_words(home):
    said = outlook_html({**VALUES, "max_steps": 0})
    assert "Max steps must be at least 1" in said
    assert "ti-wrong" in said
