"""`ti create`."""

from __future__ import annotations

import argparse

from commandline.flags import add_flags, read_settings
from textual_inversion.settings import CreateSettings


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_flags(parser, CreateSettings)


def run(args: argparse.Namespace) -> int:
    """Create the embedding and print what was made."""
    settings = read_settings(args, CreateSettings)
    from textual_inversion.embeddings.create import create_and_describe

    print(create_and_describe(settings))
    return 0
