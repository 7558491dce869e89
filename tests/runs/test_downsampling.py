"""A history of any length is drawn from at most a hundred buckets."""

import pytest

from textual_inversion.runs.downsampling import Bucket, bucketed, smoothed, thin


def rows(count):
    return [(step, float(step), 0.5) for step in range(1, count + 1)]


def test_no_losses_make_no_buckets():
    assert bucketed([]) == []


def test_a_short_history_is_kept_as_it_is():
    assert bucketed(rows(2)) == [Bucket(1, 1, 1, 1, 0.5), Bucket(2, 2, 2, 2, 0.5)]


@pytest.mark.parametrize("count", [99, 100, 101, 600, 1234, 100_000])
def test_the_newest_step_is_always_in(count):
    buckets = bucketed(rows(count))
    assert len(buckets) <= 100
    assert buckets[-1].step == count
    assert (buckets[0].low, buckets[-1].high) == (1, count)


def test_a_bucket_tells_least_mean_and_greatest():
    losses = [(1, 4.0, 0.1), (2, 1.0, 0.1), (3, 1.0, 0.2), (4, 7.0, 0.3)]
    assert bucketed(losses, num_buckets=2) == [
        Bucket(2, 1, 2.5, 4, 0.1),
        Bucket(4, 1, 4, 7, 0.3),
    ]


def test_smoothing_starts_at_the_first_value():
    assert smoothed([3.0]) == [pytest.approx(3.0)]


def test_smoothing_keeps_a_level_line_level():
    assert smoothed([2.0] * 50) == pytest.approx([2.0] * 50)


def test_of_many_steps_the_first_and_the_last_stay():
    chosen = thin(range(0, 1000, 5), 24)
    assert (len(chosen), chosen[0], chosen[-1]) == (24, 0, 995)
    assert chosen == sorted(set(chosen))
