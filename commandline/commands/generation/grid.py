"""`ti grid`: pictures side by side, also of a run's snapshots after the fact."""

from __future__ import annotations

import argparse

from commandline.flags import add_events_flag, add_flags, read_settings
from commandline.job import follow, interruptible
from textual_inversion.settings import GridSettings


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, GridSettings)
    add_events_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Draw the grid and return the exit code."""
    settings, control = read_settings(args, GridSettings), interruptible()
    from textual_inversion.generation.grids.job import draw_grid

    return follow(draw_grid(settings, control), kind="grid", as_json=args.events == "json")
