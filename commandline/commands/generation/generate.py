"""`ti generate`."""

from __future__ import annotations

import argparse

from commandline.flags import add_events_flag, add_flags, read_settings
from commandline.job import follow, interruptible
from textual_inversion.settings import GenerateSettings


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, GenerateSettings)
    add_events_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Generate the pictures and return the exit code."""
    settings, control = read_settings(args, GenerateSettings), interruptible()
    from textual_inversion.generation.generate import generate

    events = generate(settings, control)
    return follow(events, kind="generate", as_json=args.events == "json")
