"""`ti diffusers` and `ti diffusers-sdxl`: diffusers' training scripts by their own flags."""

from __future__ import annotations

import argparse
from typing import cast

from commandline.compat.diffusers import read_options, train
from commandline.compat.flags import Script, add_flags
from commandline.job import follow, interruptible


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags of the original."""
    add_flags(parser, cast("Script", command))


def run(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    options = read_options(args)
    return follow(train(options, interruptible()), kind="train", as_json=False)
