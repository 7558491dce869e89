"""The record of a run's events: the logs in its folder, and a tracker's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textual_inversion.events import Event, Started, Waiting, Warned
from textual_inversion.runs.folder import RunLog
from textual_inversion.runs.trackers import Tracker
from textual_inversion.settings import TrainSettings


class RunRecord:
    """Keeps events in a run's logs once it has a folder, and the warnings that came before."""

    def __init__(self) -> None:
        self._early: list[Warned] = []
        self._log: RunLog | None = None
        self._tracker: Tracker | None = None

    @contextmanager
    def kept_in(
        self, folder: Path, settings: TrainSettings, *, start: int, steps_per_epoch: float
    ) -> Iterator[None]:
        """Write to the logs of a run folder, and to the tracker, during the block."""
        with (
            RunLog(folder, start=start, steps_per_epoch=steps_per_epoch) as self._log,
            Tracker(settings, folder) as self._tracker,
        ):
            yield

    def keep(self, event: Event) -> list[Event]:
        """Keep an event; return what is to be passed on, a warning of the tracker's first."""
        passed: list[Event] = [event]
        if isinstance(event, Waiting):
            return passed
        if self._log is None or self._tracker is None:
            self._early += [event] if isinstance(event, Warned) else []
            return passed
        warning = self._tracker.log(event)
        if warning:
            passed.insert(0, warning)
        for each in passed:
            self._log.keep(each)
        if isinstance(event, Started):
            for early in self._early:
                self._log.keep(early)
        return passed
