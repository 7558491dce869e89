import numpy as np
import pytest

from benchmarks.quality_bench.bootstrap import Interval, difference, interval


def test_an_interval_holds_the_mean_and_is_the_same_each_time():
    values = [0.1, 0.4, 0.5, 0.9]
    found = interval(values)
    assert found == interval(values)
    assert found.low < found.mean < found.high
    assert found.mean == pytest.approx(0.475)


def test_an_interval_is_as_wide_as_theory_has_it():
    values = np.random.default_rng(1).normal(0, 1, 400)
    found = interval(list(values))
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_one_concept_has_no_interval_and_none_has_no_mean():
    assert interval([0.5]) == Interval(0.5, 0.5, 0.5, 1)
    assert str(interval([0.5])) == "0.50"
    with pytest.raises(ValueError, match="at least one value"):
        interval([])


def test_a_difference_is_taken_concept_by_concept():
    hard_and_easy = [0.1, 0.5, 0.9]
    found = difference([value + 0.05 for value in hard_and_easy], hard_and_easy)
    assert (found.low, found.high) == pytest.approx((0.05, 0.05))
    assert found.signed == "+0.05 (+0.05 to +0.05)"
