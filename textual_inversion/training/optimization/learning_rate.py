"""The learning rate of every step: the step schedule, or a named curve, with warm-up and scale.

The curves are diffusers' own; they are asked for a step's factor, so no scheduler has a state.

The rate "auto" is a share of a word's size, the root mean square of the numbers in a row of the
vocabulary: models differ in it (0.2 in the pocket model; 0.014 in SD 1.x, if its words have norms
of 0.4 as arXiv:2512.13672 says), so no one number suits all. It rises over the first steps, which
under Adam are as long as later ones but point where a single batch does. A schedule-free optimizer
then keeps it and averages its steps; under others it falls along half a cosine.
"""

from __future__ import annotations

from collections.abc import Callable

from textual_inversion.settings import AUTO, TrainSettings
from textual_inversion.settings.schedule import Schedule, Segment, parse_schedule

# What "auto" rises to. Adam moves each number by up to the rate, so for it and its like the
# rate is a share of a word's size; Lion's steps are always full ones. The others know no size:
# "spherical" turns a direction, "prodigy" finds the size itself.
_SHARES = {"adamw": 0.5, "adamw-8bit": 0.5, "schedule-free": 1.0, "lion": 0.1}
_RATES = {"spherical": 0.03, "prodigy": 1.0}
# The steps of its rise, however many are to come: raising max steps later changes nothing before.
_RISE = 50


class ScaledRates:
    """A schedule times a factor that depends on the step."""

    def __init__(self, schedule: Schedule, factor: Callable[[int], float]) -> None:
        self.schedule = schedule
        self.factor = factor

    def rate(self, step: int) -> float:
        """Return the rate of the update that follows `step` finished ones."""
        return self.schedule.rate(step) * self.factor(step)


def is_relative(settings: TrainSettings) -> bool:
    """Whether the rates are shares of a word's size rather than absolute numbers."""
    return settings.learning_rate == AUTO and settings.optimizer_name in _SHARES


def read_schedule(settings: TrainSettings) -> Schedule:
    """Return the settings' schedule; its rates are shares of a word's size where it is relative."""
    if settings.learning_rate == AUTO:
        return Schedule((Segment({**_SHARES, **_RATES}[settings.optimizer_name], None),))
    return parse_schedule(
        settings.learning_rate, absolute=settings.learning_rate_steps == "absolute"
    )


def make_rates(settings: TrainSettings, first: int = 0) -> ScaledRates:
    """Combine the settings' schedule, curve, warm-up and scale.

    Args:
        settings: What is asked for.
        first: The updates that other sittings made before this optimizer began; the warm-up is the
            optimizer's, so it is counted from here.
    """
    schedule, scale = read_schedule(settings), 1.0
    if settings.scale_learning_rate:
        # The batch is that of all processes together.
        scale = settings.batch_size * settings.gradient_accumulation_steps
    curve, rise = _curve(settings), _rise(settings)
    return ScaledRates(
        schedule, lambda step: scale * curve(step) * min(1.0, (step - first + 1) / (rise + 1))
    )


def _rise(settings: TrainSettings) -> int:
    """Count the warm-up's steps; diffusers' curves have a warm-up of their own."""
    if settings.lr_scheduler != "steps":
        return 0
    return settings.warmup_steps or (_RISE if is_relative(settings) else 0)


def _curve(settings: TrainSettings) -> Callable[[int], float]:
    warmup, name = settings.warmup_steps, settings.lr_scheduler
    if name == "steps":
        # A schedule-free optimizer averages instead of slowing down.
        if settings.learning_rate != AUTO or settings.optimizer_name == "schedule-free":
            return lambda step: 1.0
        warmup, name = 0, "cosine"
    import torch
    from diffusers.optimization import get_scheduler

    dummy = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = get_scheduler(
        name,
        optimizer=dummy,
        num_warmup_steps=warmup,
        num_training_steps=settings.max_steps,
        num_cycles=settings.lr_num_cycles,
    )
    (factor,) = scheduler.lr_lambdas
    return factor
