"""Times are those that were measured, and none is said where nothing was."""

import json

import pytest

from textual_inversion.jobs.runner import Runner
from webui.start.timing import Times, seconds_per_step, trial

VALUES = {"folder": "", "name": "", "kind": "subject", "initialization_text": "toy"}


@pytest.fixture
def run(home):
    """Write a run of ten steps, of two seconds each but for a slow beginning."""

    def write(name, *, steps=10, **settings):
        folder = home / "runs" / "2026-01-01" / name
        folder.mkdir(parents=True)
        (folder / "settings.json").write_text(json.dumps({"embedding": name, **settings}))
        event = {"event": "stepped", "total": 10, "loss": 0.1, "learning_rate": 0.1}
        rows = [{**event, "step": n, "seconds": 30 + 2 * n} for n in range(1, steps + 1)]
        (folder / "events.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")

    return write


def training(**changes):
    return trial({**VALUES, "folder": "any", **changes})


def test_nothing_is_said_of_time_before_anything_was_measured(home):
    drawn = Times().html(VALUES)
    assert "<b>Quick</b> 100 steps</span>" in drawn
    assert "is not known yet" in drawn


def test_a_run_on_the_same_model_tells_its_seconds_a_step(home, run):
    run("glimmer")
    assert seconds_per_step(training(), home / "runs") == (2.0, "glimmer")
    drawn = Times().html(VALUES)
    assert "100 steps, about 3 min" in drawn
    assert "300 steps, about 10 min" in drawn
    assert "By the steps of glimmer" in drawn


@pytest.mark.parametrize("other", [{"batch_size": 1}, {"model": "models/big"}, {"width": 64}])
def test_a_run_whose_steps_take_otherwise_tells_nothing(home, run, other):
    run("glimmer", **other)
    assert seconds_per_step(training(), home / "runs") is None


def test_only_the_last_sitting_counts_and_one_step_is_too_few(home, run):
    run("glimmer", steps=1)
    assert seconds_per_step(training(), home / "runs") is None
    run("spark")
    log = home / "runs/2026-01-01/spark/events.jsonl"
    later = [line.replace('"seconds": ', '"seconds": 0.0') for line in log.read_text().splitlines()]
    log.write_text(log.read_text() + "\n".join(later) + "\n{cut sho")
    each, name = seconds_per_step(training(), home / "runs")
    assert (name, each) == ("spark", pytest.approx(0.0, abs=0.1))


@pytest.mark.slow
def test_five_tried_steps_tell_the_time_of_each_choice(home, pictures, stacks):
    times, runner = Times(), Runner()
    values = {**VALUES, "folder": "pictures", "model": str(stacks["sd1"])}
    runner.start("probe", times.measuring(trial(values)))
    runner.join("probe")
    drawn = times.html(values)
    assert (runner.run("probe").state, drawn.count("about")) == ("finished", 3)
    assert "By five steps tried on this machine." in drawn
    assert not list((home / "runs").iterdir())
