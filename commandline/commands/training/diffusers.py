"""`ti diffusers` and `ti diffusers-sdxl`: diffusers' training scripts by their own flags."""

from __future__ import annotations

import argparse
from typing import cast

from commandline.compat.diffusers import read_options, train
from commandline.compat.flags import Script, add_flags
from commandline.compat.run import run_training
from commandline.job import interruptible


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags of the original."""
    add_flags(parser, cast("Script", command))


def run(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    options = read_options(args)
    control = interruptible()
    return run_training(options, lambda repository: train(options, control, repository))
