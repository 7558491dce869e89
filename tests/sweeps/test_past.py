"""The record of a sweep says all that goes on with it."""

import json

import pytest

from textual_inversion.errors import StorageError
from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.past import list_sweeps, read_plan, run_names
from textual_inversion.sweeps.plan import plan_sweep
from textual_inversion.sweeps.record import working_on


@pytest.fixture
def begun(home, pictures):
    def begin(name="cat-x", **changes):
        given = {"embedding": name, "dataset_dir": "pictures", "over": ("seed=0,1", "flip=0,0.5")}
        plan = plan_sweep(SweepSettings.build(given, changes))
        with working_on(plan) as record:
            return plan, record

    return begin


def test_a_plan_is_read_back_as_it_was(begun, home):
    plan, record = begun(max_steps=7, num_vectors=3, reduction_factor=3)
    again, found = read_plan(record.path)
    assert (again.runs, again.varied, again.halving) == (plan.runs, plan.varied, plan.halving)
    assert (again.name, again.folder, found) == (plan.name, plan.folder, record)


def test_a_preset_that_varies_is_filled_in_again(begun):
    plan, record = begun(over=("preset=quick,careful",))
    assert len({run.training.max_steps for run in plan.runs}) == 2
    assert read_plan(record.path)[0].runs == plan.runs


def test_a_record_of_an_earlier_version_is_gone_on_with(begun):
    plan, record = begun(max_steps=7)
    stored = json.loads(record.path.read_text())
    del stored["given"]
    record.path.write_text(json.dumps(stored))
    again, _ = read_plan(record.path)
    with working_on(again) as found:
        assert found == record
    assert [run.training.max_steps for run in again.runs] == [7] * len(plan.runs)


def test_sweeps_are_listed_with_the_newest_first(begun, home):
    paths = [begun(name)[1].path for name in ("one-x", "two-x")]
    assert [path.stem for path in list_sweeps(home / "runs")] == ["two-x", "one-x"]
    assert run_names(paths[0]) == ["one-x-run1", "one-x-run2", "one-x-run3", "one-x-run4"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"runs": [1]}', '{"runs": []}'])
def test_what_is_no_record_is_said(home, text):
    path = home / "bad.json"
    path.write_text(text)
    with pytest.raises(StorageError, match=r"bad\.json"):
        read_plan(path)
