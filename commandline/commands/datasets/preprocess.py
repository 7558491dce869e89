"""`ti preprocess`."""

from __future__ import annotations

import argparse

from commandline.flags import add_events_flag, add_flags, read_settings
from commandline.job import follow, interruptible
from textual_inversion.settings import PreprocessSettings


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, PreprocessSettings)
    add_events_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Prepare the folder and return the exit code."""
    settings, control = read_settings(args, PreprocessSettings), interruptible()
    from preprocessing import preprocess
    from textual_inversion.models.catalog import native_size

    size = native_size(settings.model) if 0 in {settings.width, settings.height} else 0
    events = preprocess(settings, size=size, stop=control.stop)
    return follow(events, kind="preprocess", as_json=args.events == "json")
