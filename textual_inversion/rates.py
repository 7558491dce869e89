"""The learning rate of every step: the step schedule, or a named curve, with warm-up and scale.

The curves are diffusers' own; they are asked for a step's factor, so no scheduler has a state.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from textual_inversion.schedules import Schedule
from textual_inversion.settings import TrainSettings


class Rates(Protocol):
    """Anything that knows the rate of a step."""

    def rate(self, step: int) -> float:
        """Give the rate of the update that follows `step` finished ones."""
        ...


class ScaledRates:
    """A schedule times a factor that depends on the step."""

    def __init__(self, schedule: Schedule, factor: Callable[[int], float]) -> None:
        self.schedule = schedule
        self.factor = factor

    def rate(self, step: int) -> float:
        """Give the rate of the update that follows `step` finished ones."""
        return self.schedule.rate(step) * self.factor(step)


def make_rates(settings: TrainSettings, schedule: Schedule, *, num_processes: int = 1) -> Rates:
    """Combine the settings' schedule, curve, warm-up and scale."""
    scale = 1.0
    if settings.scale_learning_rate:
        scale = num_processes * settings.batch_size * settings.gradient_accumulation_steps
    curve = _curve(settings)
    return ScaledRates(schedule, lambda step: scale * curve(step))


def _curve(settings: TrainSettings) -> Callable[[int], float]:
    warmup = settings.warmup_steps
    if settings.lr_scheduler == "steps":
        return lambda step: min(1.0, (step + 1) / (warmup + 1))
    import torch
    from diffusers.optimization import get_scheduler

    dummy = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = get_scheduler(
        settings.lr_scheduler,
        optimizer=dummy,
        num_warmup_steps=warmup,
        num_training_steps=settings.max_steps,
        num_cycles=settings.lr_num_cycles,
    )
    (factor,) = scheduler.lr_lambdas
    return factor
