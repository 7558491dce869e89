"""`ti train`, with `--queue` the trainings that wait, with `--push-to-hub` published at the end."""

from __future__ import annotations

import argparse
import sys

from commandline.commands.hub.confirm import add_yes_flag, confirm
from commandline.flags import add_events_flag, add_flags, has_settings, read_settings
from commandline.job import follow, interruptible
from textual_inversion.errors import SettingsError
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
    parser.add_argument(
        "--push-to-hub",
        default="",
        metavar="REPOSITORY",
        help="When the training ends and was not stopped, publish the embedding there as `ti "
        "publish` does: OWNER/NAME, or NAME for one of your own. A new repository is private.",
    )
    add_yes_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    if args.push_to_hub:
        return _train_and_publish(args)
    only_waiting = args.queue and not has_settings(args)
    settings = None if only_waiting else _read(args)

    def work(settings: TrainSettings, control: Control) -> int:
        return _train(settings, control, as_json=args.events == "json")

    control = interruptible()
    if settings and not args.queue:
        return work(settings, control)
    from commandline.queue import work_queue

    return work_queue(settings, work, control)


def _read(args: argparse.Namespace) -> TrainSettings:
    if not getattr(args, "embedding", "").endswith(".json"):
        return read_settings(args, TrainSettings)
    from commandline.commands.training.run_file import read_run_file

    return read_run_file(args)


def _train(settings: TrainSettings, control: Control, *, as_json: bool) -> int:
    from textual_inversion.training.run import train

    return follow(train(settings, control), kind="train", as_json=as_json)


def _train_and_publish(args: argparse.Namespace) -> int:
    """Ask first, then train, and publish what came to its end."""
    from commandline.commands.hub.publisher import Publisher
    from textual_inversion.devices.launcher import is_main_process

    if args.queue:
        raise SettingsError("--push-to-hub is for one training; leave --queue out.")
    settings = _read(args)
    publisher = Publisher(args.push_to_hub) if is_main_process() else None
    if publisher and not args.yes and not confirm(publisher.question):
        print("Nothing was trained.", file=sys.stderr)
        return 1
    code = _train(settings, interruptible(), as_json=args.events == "json")
    if publisher and code == 0:
        print(publisher.publish(settings.embedding), file=sys.stderr)
    return code
