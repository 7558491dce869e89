"""Learning rates by step: parse "0.005:500, 0.001:1000, 0.004" and look a rate up. Pure.

Two readings of the numbers exist and both are offered: a *duration* (this rate for 500 steps, then
the next for 1000 more) and AUTOMATIC1111's *absolute* step at which the rate ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from textual_inversion.errors import SettingsError

_HIGHEST_LEARNING_RATE = 100.0  # far above any that learns: Prodigy's is 1, all others' are less


@dataclass(frozen=True)
class Segment:
    """One rate and the number of updates after which it ends (None: never)."""

    rate: float
    end: int | None


@dataclass(frozen=True)
class Schedule:
    """Piecewise constant rates; past the last end the last rate stays."""

    segments: tuple[Segment, ...]

    def rate(self, step: int) -> float:
        """Return the rate of the update that follows `step` finished ones (so the first is 0)."""
        for segment in self.segments:
            if segment.end is None or step < segment.end:
                return segment.rate
        return self.segments[-1].rate

    @property
    def end(self) -> int | None:
        """The step at which the schedule ends; None when its last rate is open."""
        return self.segments[-1].end


def parse_learning_rate(text: str, *, absolute: bool = False) -> Schedule:
    """Parse a learning rate or its schedule; SettingsError also for a rate that none can be."""
    schedule = parse_schedule(text, absolute=absolute)
    highest = max(segment.rate for segment in schedule.segments)
    if highest > _HIGHEST_LEARNING_RATE:
        raise SettingsError(
            f"The learning rate {highest:g} is too high to learn anything; choose one below 1, "
            'such as 0.005, or "auto".'
        )
    return schedule


def parse_schedule(text: str, *, absolute: bool = False, what: str = "learning rate") -> Schedule:
    """Parse comma-separated `rate` or `rate:steps` items; SettingsError names the faulty one."""
    items = [item.strip() for item in text.split(",") if item.strip()]
    if not items:
        raise SettingsError(f'The {what} is empty; write one such as "0.005".')
    segments: list[Segment] = []
    for index, item in enumerate(items):
        start = segments[-1].end or 0 if segments else 0
        segment = _parse_item(item, start=start, absolute=absolute, what=what)
        if segment.end is None and index < len(items) - 1:
            raise SettingsError(
                f'The {what} "{item}" has no step number, so nothing after it is ever used; '
                f'write "{item}:500" or make it the last one.'
            )
        segments.append(segment)
    return Schedule(tuple(segments))


def _parse_item(item: str, *, start: int, absolute: bool, what: str) -> Segment:
    rate_text, colon, steps_text = item.partition(":")
    rate = _parse_rate(rate_text.strip(), item, what)
    if not colon or steps_text.strip() == "-1":
        return Segment(rate, None)
    steps = _parse_steps(steps_text.strip(), item, what)
    if absolute and steps <= start:
        raise SettingsError(
            f'The {what} "{item}" ends at step {steps}, but the one before it ends at '
            f"{start}; absolute step numbers must grow."
        )
    return Segment(rate, steps if absolute else start + steps)


def _parse_rate(text: str, item: str, what: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        raise SettingsError(
            f'The {what} "{item}" is not a number; write "0.005" or "0.005:500, 0.001".'
        ) from None
    if not (math.isfinite(rate) and rate > 0):
        raise SettingsError(f'The {what} "{item}" must be a number above 0.')
    return rate


def _parse_steps(text: str, item: str, what: str) -> int:
    try:
        steps = int(text)
    except ValueError:
        raise SettingsError(
            f'In the {what} "{item}" the part behind the colon must be a whole number of steps.'
        ) from None
    if steps < 1:
        raise SettingsError(f'In the {what} "{item}" the number of steps must be above 0.')
    return steps
