"""`ti check`: the report of a data set, and what training on it will take."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commandline.terminal import Printer
from textual_inversion.events import Event, Started
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CheckCommandSettings, TrainSettings, read_settings_file

if TYPE_CHECKING:
    from textual_inversion.models.catalog import ModelInfo

Result = TypeVar("Result")


def check(settings: CheckCommandSettings, control: Control) -> int:
    """Print the report, and the estimate that was asked for; give the exit code."""
    # The core calls sideways only for what `ti` offers.
    from preprocessing.checks.report import check_settings
    from textual_inversion.embeddings.create import count_tokens
    from textual_inversion.models.catalog import describe_model

    model = describe_model(settings.model)
    events = check_settings(
        settings,
        size=model.size,
        count_tokens=lambda text: count_tokens(model, text),
        stop=control.stop,
    )
    report = _watched(events)
    if report is None:
        return 130
    lines = [*report.lines()]
    if settings.train_settings and not settings.probe:
        lines.append("Note: --train-settings has no effect without --probe.")
    print("\n".join(lines))
    return _probe(settings, control, model) if settings.probe else 0


def _probe(settings: CheckCommandSettings, control: Control, model: ModelInfo) -> int:
    from textual_inversion.names import STAND_IN
    from textual_inversion.training.estimate import probe

    path = settings.train_settings
    stored = read_settings_file(Path(path).expanduser()) if path else {}
    training = TrainSettings.build({"embedding": STAND_IN}, stored, settings.for_training())
    # A settings file may name another model.
    known = model if training.model == settings.model else None
    estimate = _watched(probe(training, control, known))
    if estimate is None:
        return 130
    print(estimate.sentence)
    return 0


def _watched(events: Generator[Event, None, Result]) -> Result:
    """Show a job's progress beside the output, and give what it returns."""
    printer = Printer(sys.stderr)
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value
        if printer.live and not isinstance(event, Started):
            printer.show(event)
