"""`ti workshop` and `ti prune`: embeddings made from others."""

from __future__ import annotations

import argparse

from commandline.flags import SETTINGS, add_flags, read_settings
from textual_inversion.settings.workshop import PruneSettings, WorkshopSettings


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    add_flags(parser, SETTINGS[command])


def run(args: argparse.Namespace) -> int:
    """Make the embedding and say where it is; return the exit code."""
    if args.command == "prune":
        return _prune(read_settings(args, PruneSettings))
    from textual_inversion.embeddings.workshop.make import make_and_save

    settings = read_settings(args, WorkshopSettings)
    print(f"Made {make_and_save(settings)}.")
    return 0


def _prune(settings: PruneSettings) -> int:
    from commandline.job import interruptible
    from textual_inversion.events import Finished, Warned
    from textual_inversion.training.pruning import Dropped, prune

    control = interruptible("Stopping after this try; nothing is saved.")
    for event in prune(settings, control):
        match event:
            case Dropped():
                print(
                    f"dropped vector {event.number}: loss {event.loss_before:.5f} -> "
                    f"{event.loss_after:.5f}, {event.left} left"
                )
            case Finished(path=path) if path:
                print(f"Made {path}.")
            case Warned():
                print(f"Warning: {event.message}")
            case _:
                pass
    return 130 if control.stopping else 0
