"""How long each choice of thoroughness takes, from what was measured on this machine.

Either five steps were tried on the page, or a run on this base model has left its times; where
neither is so, nothing is said of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from markupsafe import Markup

from textual_inversion.errors import SettingsError, TextualInversionError
from textual_inversion.events import Event, Finished, Stepped
from textual_inversion.jobs.runner import Job
from textual_inversion.names import STAND_IN
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import read_events
from textual_inversion.runs.wording import duration
from textual_inversion.settings import StartSettings, TrainSettings, read_settings_file
from textual_inversion.settings.forms.start import Effort, has_same_pace
from textual_inversion.storage.paths import find_folder
from webui.html import render

if TYPE_CHECKING:
    from textual_inversion.training.estimate import Pace

_EFFORTS: tuple[Effort, ...] = get_args(Effort)
_MOST_RUNS = 20
_TAIL_BYTES = 65_536


class Times:
    """What was measured in this process, by base model."""

    def __init__(self) -> None:
        self._measured: dict[str, Pace] = {}

    def measuring(self, settings: TrainSettings) -> Job:
        """Make the job that tries five steps and keeps what they took."""

        def job(control: Control) -> Iterator[Event]:
            from textual_inversion.training.estimate import probe

            estimate = yield from probe(settings, control)
            if estimate is not None and estimate.pace is not None:
                self._measured[settings.model] = estimate.pace
            yield Finished(0, "finished" if estimate else "stopped")

        return job

    def html(self, values: dict[str, Any]) -> Markup:
        """Draw the time of each choice, or the offer to measure it."""
        try:
            trainings = _trainings(values)
        except TextualInversionError:
            return Markup()  # said beside the field with the wrong value
        pace = self._measured.get(trainings["balanced"].model)
        if pace is not None:
            return _drawn(trainings, lambda one: pace.seconds(one, one.max_steps))
        known = seconds_per_step(trainings["balanced"], find_folder("runs"))
        if known is not None:
            each, name = known
            return _drawn(trainings, lambda one: each * one.max_steps, of=name)
        return _drawn(trainings, None)


def seconds_per_step(
    settings: TrainSettings, log_dir: Path, *, skip: frozenset[str] = frozenset()
) -> tuple[float, str] | None:
    """Find the newest run whose steps take as long; return their mean seconds, and its name.

    Previews, saves and evaluations between the steps are in the mean. Runs of the embeddings in
    `skip` are passed over.
    """
    logs = sorted(log_dir.glob("*/*/events.jsonl"), key=_modified, reverse=True)
    for log in logs[:_MOST_RUNS]:
        try:
            values = read_settings_file(log.with_name("settings.json"))
        except SettingsError:
            continue
        if values.get("embedding") in skip:
            continue
        if has_same_pace(settings, values) and (each := _mean_seconds(log)):
            return each, log.parent.name
    return None


def trial(values: dict[str, Any]) -> TrainSettings:
    """Build the settings of which five steps are tried, on the pictures as they are."""
    chosen = StartSettings.build(values, {"name": STAND_IN})
    return chosen.training(chosen.folder)


def _trainings(values: dict[str, Any]) -> dict[Effort, TrainSettings]:
    """Build the training of each choice; the pictures and the name have no part in its time."""
    shared = {**values, "name": STAND_IN, "folder": "any"}
    trainings: dict[Effort, TrainSettings] = {}
    for effort in _EFFORTS:
        trainings[effort] = StartSettings.build(shared, {"effort": effort}).training("any")
    return trainings


def _drawn(
    trainings: dict[Effort, TrainSettings],
    seconds: Callable[[TrainSettings], float] | None,
    *,
    of: str = "",
) -> Markup:
    rows = [
        (effort, one.max_steps, duration(seconds(one)) if seconds else "")
        for effort, one in trainings.items()
    ]
    return render("start/times", rows=rows, is_known=seconds is not None, run=of)


def _mean_seconds(log: Path) -> float | None:
    """Read the end of a log: the seconds a step between the first and last of one sitting."""
    try:
        with log.open("rb") as file:
            file.seek(max(log.stat().st_size - _TAIL_BYTES, 0))
            lines = file.read().splitlines()
    except OSError:
        return None
    steps = [event for event in read_events(lines) if isinstance(event, Stepped)]
    first = next(
        (at for at in range(len(steps) - 1, 0, -1) if steps[at].seconds < steps[at - 1].seconds), 0
    )
    sitting = steps[first:]
    if len(sitting) < 2:
        return None
    return (sitting[-1].seconds - sitting[0].seconds) / (sitting[-1].step - sitting[0].step)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
