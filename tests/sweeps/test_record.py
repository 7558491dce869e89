"""A sweep goes on under its record, whichever engine trains it."""

import json

import pytest

from textual_inversion.settings import SweepSettings
from textual_inversion.sweeps.past import read_plan
from textual_inversion.sweeps.plan import plan_sweep
from textual_inversion.sweeps.record import working_on


@pytest.fixture
def sit(home, pictures):
    """Begin a sweep or go on with it; give its record as it is then."""

    def sit(**changes):
        given = {"embedding": "cat-x", "dataset_dir": "pictures", "over": ("seed=0,1",)}
        with working_on(plan_sweep(SweepSettings.build(given, changes))) as record:
            record.note_judged(1, [])
            return json.loads(record.path.read_text())

    return sit


def test_another_engine_goes_on_with_the_same_sweep(sit, home):
    begun = sit()
    went_on = sit(engine="ray", address="auto", gpus_per_batch=0.5, runs_at_once=2)
    assert {**went_on, "given": {}, "judged": []} == {**begun, "given": {}, "judged": []}
    assert [len(one["judged"]) for one in (begun, went_on)] == [1, 2]
    shared = read_plan(home / "runs" / "sweeps" / "cat-x.json")[0].shared
    assert (shared.engine, shared.address, shared.gpus_per_batch) == ("ray", "auto", 0.5)


def test_back_on_this_machine_nothing_is_left_of_the_cluster(sit):
    begun = sit()
    sit(engine="ray", address="auto")
    assert sit()["given"] == begun["given"]


def test_a_record_of_before_engines_is_left_as_it_is(sit, home):
    path = home / "runs" / "sweeps" / "cat-x.json"
    old = {key: value for key, value in sit().items() if key != "given"}
    path.write_text(json.dumps(old))
    assert "given" not in sit(engine="ray")
