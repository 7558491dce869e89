from benchmarks.crossings import Reading, best, first_crossing, levels

FAST = [Reading(0, 0.0, 1.0), Reading(5, 1.0, 0.5), Reading(10, 2.0, 0.7), Reading(15, 3.0, 0.4)]
SLOW = [Reading(0, 0.0, 1.0), Reading(5, 2.0, 0.9), Reading(10, 4.0, 0.6)]


def test_the_first_crossing_counts_although_the_loss_rises_again():
    assert first_crossing(FAST, 0.5) == Reading(5, 1.0, 0.5)
    assert first_crossing(FAST, 0.45) == Reading(15, 3.0, 0.4)
    assert first_crossing(SLOW, 0.5) is None


def test_levels_lie_between_the_start_and_the_worst_of_the_best_losses():
    assert best(FAST).loss == 0.4
    assert levels([FAST, SLOW], [0.5, 1.0]) == [0.8, 0.6]


def test_every_curve_crosses_every_level():
    every = levels([FAST, SLOW], [0.1, 0.5, 0.9, 1.0])
    assert all(first_crossing(curve, level) for curve in (FAST, SLOW) for level in every)
