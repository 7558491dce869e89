"""`ti train`, and with `--queue` the trainings that wait."""

from __future__ import annotations

import argparse

from commandline.flags import add_events_flag, add_flags, has_settings, read_settings
from commandline.job import follow, interruptible
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, TrainSettings)
    add_events_flag(parser)
    parser.add_argument(
        "--queue",
        action="store_true",
        help="Put the training into the queue and train what waits there, after the one "
        "that is running; with nothing else given, train what waits.",
    )


def run(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    only_waiting = args.queue and not has_settings(args)
    settings = None if only_waiting else read_settings(args, TrainSettings)

    def work(settings: TrainSettings, control: Control) -> int:
        from textual_inversion.training.run import train

        return follow(train(settings, control), kind="train", as_json=args.events == "json")

    control = interruptible()
    if settings and not args.queue:
        return work(settings, control)
    from commandline.queue import work_queue

    return work_queue(settings, work, control)
