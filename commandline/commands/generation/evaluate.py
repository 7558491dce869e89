"""`ti evaluate`: an embedding and its run's snapshots, measured by pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

from commandline.flags import add_events_flag, add_flags, read_settings
from commandline.job import follow, interruptible
from commandline.tables import add_json_flag, aligned, print_json, print_table
from textual_inversion.errors import printable
from textual_inversion.events import Event
from textual_inversion.settings import EvaluateSettings

if TYPE_CHECKING:
    from textual_inversion.evaluation.snapshots.record import Evaluation, Subject

_TITLES = ("VECTORS", "LIKENESS", "OBEDIENCE", "BALANCE", "DIVERSITY")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, EvaluateSettings)
    add_events_flag(parser)
    add_json_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Evaluate, print the measures and the three best, and return the exit code."""
    settings = read_settings(args, EvaluateSettings)
    control = interruptible("Stopping; what was drawn is found again by the next evaluation ...")
    from textual_inversion.evaluation.snapshots.job import evaluate

    found: list[Evaluation] = []
    # Of --json nothing else may be on stdout.
    out = sys.stderr if args.json else sys.stdout
    events = _collecting(evaluate(settings, control), found)
    code = follow(events, kind="evaluate", as_json=args.events == "json", out=out)
    for one in found:
        if args.json:
            print_json(one.to_dict())
        elif args.events == "text":
            _print(one)
    return code


def _collecting(
    events: Generator[Event, None, Evaluation | None], found: list[Evaluation]
) -> Iterator[Event]:
    evaluation = yield from events
    found += [evaluation] if evaluation else []


def _print(evaluation: Evaluation) -> None:
    from textual_inversion.evaluation.snapshots.record import GOALS

    print(
        printable(f"Likeness by {evaluation.likeness_by}, obedience by {evaluation.obedience_by}")
    )
    subjects = [evaluation.word, *evaluation.candidates]
    cells = [(one.label, *_measures(one)) for one in subjects]
    print_table(_TITLES, cells, plain=aligned([_TITLES, *cells]))
    for goal in GOALS:
        best = evaluation.best(goal)
        print(printable(f"Best {goal}: {best.label} ({best.path})"))


def _measures(one: Subject) -> list[str]:
    return [f"{n:.3f}" for n in (one.likeness, one.obedience, one.balance, one.diversity)]
