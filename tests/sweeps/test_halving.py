"""At each rung the best part of the runs goes on, and no more is measured than a rung needs."""

import pytest

from textual_inversion.events import Evaluated
from textual_inversion.sweeps.halving import Halving, loss_at, reading_step


def read(*steps):
    return [Evaluated(step, step / 100, 0.0, 0.0, 0.0) for step in steps]


def test_rungs_grow_by_the_factor_and_end_before_the_last_step():
    assert Halving(3, 100).rungs(900) == [100, 300]
    assert Halving(3, 100).rungs(100) == []


@pytest.mark.parametrize("factor", [0, 1])
def test_without_a_factor_no_run_ends_early(factor):
    halving = Halving(factor, 100)
    assert (halving.rungs(10_000), halving.num_steps([500, 500])) == ([], 1000)


def test_the_part_with_the_lowest_losses_goes_on_rounded_up():
    losses = {"a": 0.3, "b": 0.1, "c": 0.1, "d": 0.2}
    assert Halving(3, 10).going_on(losses) == ["b", "c"]
    assert Halving(9, 10).going_on(losses) == ["b"]


def test_the_steps_of_runs_that_end_early_are_counted_to_their_rung():
    # 8 runs to 10, 4 to 20, 2 to 40, 1 to 50.
    assert Halving(2, 10).num_steps([50] * 8) == 8 * 10 + 4 * 10 + 2 * 20 + 10


def test_a_run_is_judged_where_it_is_measured_next():
    assert [reading_step(rung, 10) for rung in (10, 11, 20)] == [10, 20, 20]
    assert loss_at(read(10, 13, 20), 11, every=10, total=99) == 0.2
    assert loss_at(read(10, 13), 11, every=10, total=99) is None


def test_a_shorter_run_is_judged_by_its_last_loss():
    assert loss_at(read(10, 15), 100, every=10, total=15) == 0.15
