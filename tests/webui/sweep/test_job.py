"""The events of many runs are one progress, and each run can be looked at meanwhile."""

import pytest

from tests.cats import QUIET
from textual_inversion.events import Finished, Started, Stepped
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.requests import Control
from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.plan import plan_sweep
from webui.sweep.job import LiveSweep
from webui.sweep.shown import ShownSweep, list_offers


@pytest.fixture
def plan(home, pictures, stacks):
    small = {"max_steps": 4, "batch_size": 2, "over": ("seed=0,1",), **QUIET}
    given = {"embedding": "cat-x", "dataset_dir": "pictures", "model": str(stacks["sd1"])}
    return plan_sweep(SweepSettings.build(small, given))


def steps(events):
    return [(each.step, each.total) for each in events if isinstance(each, Stepped)]


@pytest.mark.slow
def test_the_steps_of_all_runs_are_counted_together(plan):
    live = LiveSweep(plan)
    events = list(live.job(Control()))
    assert steps(events) == [(step, 8) for step in range(1, 9)]
    assert [(one.name, one.step) for one in events if isinstance(one, Started)] == [("cat-x", 0)]
    assert events[-1] == Finished(8, "finished")
    assert {name: run.state for name, run in live.runs.items()} == {
        "cat-x-run1": "finished",
        "cat-x-run2": "finished",
    }


@pytest.mark.slow
def test_an_interrupted_sweep_is_offered_and_goes_on_where_it_was(plan):
    control = Control()
    for event in LiveSweep(plan).job(control):
        if isinstance(event, Stepped) and event.step == 4:
            control.ask("stop")
    assert event == Finished(5, "stopped")  # the first run has had its turn
    assert list_offers() == [("cat-x · 2 runs, 2 left", "cat-x")]
    live = LiveSweep(plan)
    events = list(live.job(Control()))
    assert steps(events) == [(step, 8) for step in range(6, 9)]
    assert [step for step, *_ in live.runs["cat-x-run1"].losses] == [1, 2, 3, 4]
    assert list_offers() == [("cat-x · 2 runs", "cat-x")]


@pytest.mark.slow
def test_what_is_shown_changes_with_the_runs_and_rests_after_them(plan):
    shown, runner = ShownSweep(), Runner()
    before = shown.state_key()
    assert "No sweep yet" in shown.html()
    shown.live = LiveSweep(plan)
    runner.start("sweep", shown.live.job, name=plan.name)
    runner.join("sweep")
    shown.forget()
    assert (runner.run("sweep").state, shown.state_key() != before) == ("finished", True)
    html = shown.html()
    assert "2 of 2 runs have ended" in html
    assert (html.count("Keep this one</button>"), html.count("<polyline")) == (2, 2)
    shown.forget()
    assert shown.state_key() == shown.state_key()
