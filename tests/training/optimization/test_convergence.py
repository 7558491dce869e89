import random

from textual_inversion.training.optimization.convergence import Evaluation, has_converged


def readings(losses, *, every=10, rate=0.005):
    return [Evaluation((i + 1) * every, loss, rate) for i, loss in enumerate(losses)]


def judge(history, window=200):
    return has_converged(history, window_steps=window, threshold=0.15)


def falling(count, *, noise=0.0):
    draw = random.Random(0)
    return [0.1 + 0.1 * 0.8**i + draw.gauss(0, noise) for i in range(count)]


def test_a_loss_that_falls_has_not_converged():
    assert not judge(readings([0.2 - 0.001 * i for i in range(60)]))


def test_a_loss_that_fell_and_rests_has_converged():
    assert judge(readings(falling(60, noise=0.002)))


def test_it_takes_at_least_one_window():
    history = readings(falling(60))
    first = next(n for n in range(1, 60) if judge(history[:n]))
    assert history[first - 1].step >= 200


def test_a_falling_rate_is_not_taken_for_convergence():
    """The same restlessness at a hundredth of the rate moves a hundredth as far."""
    losses = falling(30, noise=0.03)
    quieter = [losses[-1] + (loss - 0.1) / 100 for loss in falling(25, noise=0.03)]
    history = readings(losses) + [
        Evaluation(300 + 10 * (i + 1), loss, 0.00005) for i, loss in enumerate(quieter)
    ]
    assert not judge(history)
    assert judge([Evaluation(r.step, r.loss, 0.005) for r in history])


def test_a_start_that_was_good_already_converges_too():
    assert judge(readings([0.1 + 0.00001 * (-1) ** i for i in range(60)]))


def test_a_window_of_few_readings_reaches_back_further():
    """Read every 100 steps, a window of 200 holds two readings; it still converges."""
    history = readings(falling(40), every=100)
    first = next(n for n in range(1, 41) if judge(history[:n]))
    assert 4 <= first < 40


def test_few_or_no_readings_say_nothing():
    assert not judge([])
    assert not judge(readings([0.1, 0.1], every=300))
