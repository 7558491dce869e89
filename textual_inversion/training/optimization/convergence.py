"""When a training has converged: DVAR's criterion on the loss of a fixed batch. Pure.

DVAR (arXiv:2302.04841) compares the variance of the last few values with that of all values. Three
things are added for use with real settings: a loss that still falls evenly is not done; a falling
learning rate makes the values move less without any convergence, so their movement is judged
relative to the rate; and where the start was good already, so that nothing ever falls, values that
hardly move at all count as converged, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, pvariance

# Values that differ by less than this share of their mean are not moving.
_STILL = 0.002
# A window that holds fewer readings than this reaches back until it holds as many.
_MIN_READINGS = 4
# A fall by less than this share of the loss's whole range is not worth the time.
_MIN_FALL = 0.05


@dataclass(frozen=True)
class Evaluation:
    """One reading of the fixed batch: the step, its mean loss, and the learning rate then."""

    step: int
    loss: float
    learning_rate: float


def has_converged(history: list[Evaluation], *, window_steps: int, threshold: float) -> bool:
    """Whether the loss has stopped moving over the last `window_steps` steps.

    Args:
        history: All readings so far, in order of their steps.
        window_steps: How far back the window reaches; DVAR's README uses 310. It reaches further
            where the loss is read too rarely for four readings in so many steps.
        threshold: The share of all variance that counts as none; DVAR uses 0.15.
    """
    if len(history) < _MIN_READINGS or history[-1].step - history[0].step < window_steps:
        return False
    since = history[-1].step - window_steps
    window = [reading for reading in history if reading.step > since]
    window = max(window, history[-_MIN_READINGS:], key=len)
    is_calm = _relative_variance(history, window) < threshold and not _still_falls(history, window)
    return is_calm or _is_still(history, window_steps)


def _relative_variance(history: list[Evaluation], window: list[Evaluation]) -> float:
    everything = pvariance([reading.loss for reading in history])
    if everything == 0:
        return 0.0
    recent = pvariance([reading.loss for reading in window])
    # At half the rate the same noise of the vectors moves the loss half as far.
    fastest = max(reading.learning_rate for reading in history)
    now = fmean(reading.learning_rate for reading in window)
    return recent / everything * (fastest / now) ** 2 if now > 0 else 1.0


def _still_falls(history: list[Evaluation], window: list[Evaluation]) -> bool:
    """Whether the window's second half lies below its first by more than noise.

    A loss that falls evenly for long passes the variance test alone.
    """
    losses = [reading.loss for reading in window]
    first, second = losses[: len(losses) // 2], losses[len(losses) // 2 :]
    noise = ((pvariance(first) + pvariance(second)) / 2) ** 0.5
    everything = [reading.loss for reading in history]
    least = _MIN_FALL * (max(everything) - min(everything))
    return fmean(first) - fmean(second) > max(noise, least)


def _is_still(history: list[Evaluation], window_steps: int) -> bool:
    if history[-1].step - history[0].step < 2 * window_steps:
        return False
    losses = [reading.loss for reading in history]
    return max(losses) - min(losses) < _STILL * fmean(losses)
