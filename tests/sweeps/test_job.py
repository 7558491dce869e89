"""A sweep with early stopping: the weaker runs end at a rung, whether it is interrupted or not."""

import pytest
import torch

from tests.cats import QUIET
from textual_inversion.embeddings import formats
from textual_inversion.errors import SettingsError
from textual_inversion.events import Stepped, Warned
from textual_inversion.runs.requests import Control
from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.job import train_plan
from textual_inversion.sweeps.past import list_sweeps, read_plan
from textual_inversion.sweeps.plan import plan_sweep
from textual_inversion.sweeps.record import working_on
from textual_inversion.sweeps.results import read_results


@pytest.fixture
def plan(home, pictures, stacks):
    def make(name, **changes):
        small = {**QUIET, "max_steps": 6, "batch_size": 2, "evaluate_every": 2}
        given = {"embedding": name, "dataset_dir": "pictures", "model": str(stacks["sd1"])}
        over = {"over": ("seed=0,1,2,3",), "reduction_factor": 2, "grace_period": 2}
        return plan_sweep(SweepSettings.build(small, given, over, changes))

    return make


def sit(plan, *, stop_at=-1):
    """Train a plan, or until so many steps were taken together; give what was said."""
    control, taken, said = Control(), 0, []
    with working_on(plan) as record:
        for each in train_plan(plan, record, control):
            said += [each.event.message] if isinstance(each.event, Warned) else []
            taken += isinstance(each.event, Stepped)
            if taken == stop_at:
                control.ask("stop")
        return read_results(plan, record), said


def ends(results):
    return [(one.state, one.step) for one in results]


def learned(home, plan):
    files = [home / "embeddings" / plan.folder / f"{run.name}.pt" for run in plan.runs]
    return torch.cat([formats.read(file).vectors[0] for file in files])


@pytest.mark.slow
def test_half_of_the_runs_end_at_each_rung(plan):
    results, said = sit(plan("cat-x"))
    assert sorted(ends(results)) == [
        ("early-stopped", 2),
        ("early-stopped", 2),
        ("early-stopped", 4),
        ("finished", 6),
    ]
    halts = [text for text in said if text.startswith("At step ")]
    assert [text.partition(" runs")[0] for text in halts] == [
        "At step 2 the best 2 of 4",
        "At step 4 the best 1 of 2",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("stop_at", [3, 8, 11])
def test_an_interrupted_sweep_ends_the_same_runs_and_learns_the_same(home, plan, stop_at):
    whole, broken = plan("whole-x"), plan("cat-x", runs_at_once=3)
    expected, _ = sit(whole)
    sit(broken, stop_at=stop_at)
    (path, *_) = [path for path in list_sweeps(home / "runs") if path.stem == "cat-x"]
    again, _ = read_plan(path)
    assert again.runs == broken.runs
    results, _ = sit(again)
    assert ends(results) == ends(expected)
    torch.testing.assert_close(learned(home, again), learned(home, whole), rtol=0, atol=1e-6)


@pytest.mark.slow
def test_nothing_is_left_of_a_sweep_that_ended_early(plan):
    first, _ = sit(plan("cat-x"))
    assert sit(plan("cat-x")) == (first, [])


@pytest.mark.slow
def test_another_rule_is_another_sweep(plan):
    sit(plan("cat-x"), stop_at=1)
    with pytest.raises(SettingsError, match="was begun with reduction_factor 2; give the same"):
        sit(plan("cat-x", reduction_factor=3))
    with pytest.raises(SettingsError, match="was begun with reduction_factor 2, grace_period 2;"):
        sit(plan("cat-x", reduction_factor=0))


def test_without_a_measured_loss_there_is_nothing_to_compare(plan):
    with pytest.raises(SettingsError, match="reduction_factor compares the loss"):
        plan("cat-x", evaluate_every=0)
