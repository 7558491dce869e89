"""A question before something that cannot be undone; scripts answer it with `--yes`."""

from __future__ import annotations

import argparse
import sys

from textual_inversion.errors import SettingsError


def add_yes_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--yes`."""
    parser.add_argument("--yes", action="store_true", help="Do not ask before uploading.")


def confirm(question: str) -> bool:
    """Ask at the terminal; anything but y or yes is a no.

    Raises:
        SettingsError: Nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise SettingsError("Nobody can be asked here; add --yes to go on without a question.")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}
