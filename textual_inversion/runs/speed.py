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

    def begin(self, step: int, moment: float) -> None:
        """Start anew; the time until the first step counts only for `item`."""
        self._times.clear()
        self._began = (step, moment)

    def step(self, step: int, moment: float) -> None:
        """Note that a step is done; before the first, things are loaded and compiled."""
        self._times.append((step, moment))

    def item(self, done: int, moment: float, *, was_loading: bool) -> None:
        """Note that a picture is done: several may come at once, after the time the first took."""
        if self._times and done <= self._times[-1][0]:  # counted anew, after the sampling steps
            self._times.clear()
        elif not self._times and self._began and not was_loading:
            self._times.append(self._began)
        self._times.append((done, moment))

    @property
    def per_second(self) -> float | None:
        """Steps a second; None before there are two moments."""
        if len(self._times) < 2:
            return None
        (first, began), (last, ended) = self._times[0], self._times[-1]
        return (last - first) / (ended - began) if ended > began else None
