"""`ti sweep | batch`: many trainings that share the base model's passes, and how they ended."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from commandline.flags import add_events_flag, add_flags, read_settings
from commandline.job import interruptible
from commandline.many_runs import follow_runs
from commandline.tables import add_json_flag, aligned, print_json, print_table
from textual_inversion.settings import BatchSettings, SweepSettings
from textual_inversion.settings.comparison.many_runs import Rank

if TYPE_CHECKING:
    from textual_inversion.sweeps.plan import Plan
    from textual_inversion.sweeps.results import Result

_MODELS = {"sweep": SweepSettings, "batch": BatchSettings}


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    add_flags(parser, _MODELS[command])
    add_events_flag(parser)
    add_json_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Train what is left of the sweep, print the table of its runs, and return the exit code."""
    control = interruptible("Stopping all runs after this step, then saving ...")
    plan, rank = _plan(args)
    from textual_inversion.sweeps.job import train_plan
    from textual_inversion.sweeps.record import working_on
    from textual_inversion.sweeps.results import ranked, read_results

    with working_on(plan) as record:
        events = train_plan(plan, record, control)
        # Of --json nothing else may be on stdout.
        out = sys.stderr if args.json else sys.stdout
        code = follow_runs(events, control, out=out, as_json=args.events == "json")
        results = ranked(read_results(plan, record), rank)
    if args.json:
        print_json([result.to_dict() for result in results])
    else:
        _print(plan, results)
    return code


def _plan(args: argparse.Namespace) -> tuple[Plan, Rank]:
    from textual_inversion.sweeps.concepts import plan_concepts
    from textual_inversion.sweeps.plan import plan_sweep

    if args.command == "batch":
        return plan_concepts(read_settings(args, BatchSettings)), "order"
    settings = read_settings(args, SweepSettings)
    return plan_sweep(settings), settings.rank


def _print(plan: Plan, results: list[Result]) -> None:
    titles = ("RUN", *plan.varied, "STATE", "STEP", "LOSS", "AT", "FOLDER")
    cells = [_cells(plan, result) for result in results]
    print_table(titles, cells, plain=aligned([titles, *cells]))


def _cells(plan: Plan, result: Result) -> tuple[str, ...]:
    return (
        result.name,
        *(result.values.get(name, "-") for name in plan.varied),
        result.state,
        f"{result.step}/{result.total}",
        "-" if result.loss is None else f"{result.loss:.4f}",
        "-" if result.loss is None else str(result.best_step),
        str(result.folder or "-"),
    )
