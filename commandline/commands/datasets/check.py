"""`ti check`: the report of a data set, and what training on it will take."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commandline.flags import add_flags, read_settings
from commandline.job import interruptible
from commandline.tables import is_terminal, print_table
from commandline.terminal import Printer
from textual_inversion.errors import printable
from textual_inversion.events import Event, Started
from textual_inversion.images.decoding import path_text
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CheckCommandSettings, TrainSettings, read_settings_file

if TYPE_CHECKING:
    from preprocessing.checks.report import Report
    from textual_inversion.models.catalog import ModelInfo

Result = TypeVar("Result")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, CheckCommandSettings)


def run(args: argparse.Namespace) -> int:
    """Print the report, and the estimate that was asked for; return the exit code."""
    settings, control = read_settings(args, CheckCommandSettings), interruptible()
    from preprocessing.checks.report import check_settings
    from textual_inversion.embeddings.create import count_tokens
    from textual_inversion.models.catalog import describe_model

    model = describe_model(settings.model)
    events = check_settings(
        settings,
        size=model.size,
        count_tokens=lambda text: count_tokens(model, text, settings.tokenizer),
        stop=control.stop,
    )
    report = _watched(events)
    if report is None:
        return 130
    _print_report(report)
    if settings.train_settings and not settings.probe:
        print("Note: --train-settings has no effect without --probe.")
    return _probe(settings, control, model) if settings.probe else 0


def _print_report(report: Report) -> None:
    if not is_terminal(sys.stdout):
        for line in report.lines():
            print(printable(line))
        return
    for line in replace(report, picture_captions=()).lines():
        print(printable(line))
    if report.picture_captions:
        rows = [(path_text(one.path), str(one)) for one in report.picture_captions]
        print_table(("PICTURE", "IS TRAINED WITH"), rows, plain=())


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
    """Show a job's progress beside the output; return its result."""
    with Printer(sys.stderr, kind="check") as printer:
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                return end.value
            if printer.live and not isinstance(event, Started):
                printer.show(event)
