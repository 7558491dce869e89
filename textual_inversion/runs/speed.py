"""How fast a job's steps come, and so how long the rest will take."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_WINDOW = 50


@dataclass
class Speed:
    """The moments of a sitting's last steps."""

    _times: deque[tuple[int, float]] = field(
        default_factory=lambda: deque[tuple[int, float]](maxlen=_WINDOW)
    )
    _began: tuple[int, float] | None = None
    _first: tuple[int, float] | None = None

    def begin(self, step: int, moment: float) -> None:
        """Start anew; the time until the first step counts only for `item`."""
        self._times.clear()
        self._began, self._first = (step, moment), None

    def step(self, step: int, moment: float) -> None:
        """Note that a step is done; before the first, things are loaded and compiled."""
        self._add((step, moment))

    def item(self, done: int, moment: float, *, was_loading: bool) -> None:
        """Note that a picture is done: several may come at once, after the time the first took."""
        if self._times and done <= self._times[-1][0]:  # counted anew, after the sampling steps
            self._times.clear()
            self._first = None
        elif not self._times and self._began and not was_loading:
            self._add(self._began)
        self._add((done, moment))

    def _add(self, moment: tuple[int, float]) -> None:
        self._first = self._first or moment
        self._times.append(moment)

    @property
    def per_second(self) -> float | None:
        """Steps a second; None before there are two moments."""
        return _rate(self._times[0], self._times[-1]) if self._times else None

    @property
    def average_per_second(self) -> float | None:
        """Steps a second since the first one, pauses for previews and saving included.

        Steadier than `per_second`, which one preview slows for its whole window: it is for the time
        left.
        """
        return _rate(self._first, self._times[-1]) if self._first and self._times else None


def _rate(first: tuple[int, float], last: tuple[int, float]) -> float | None:
    seconds = last[1] - first[1]
    return (last[0] - first[0]) / seconds if seconds > 0 else None
