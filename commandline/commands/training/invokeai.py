"""`ti invokeai`, also called `invokeai-ti`: InvokeAI's trainer by its own flags, or its form."""

from __future__ import annotations

import argparse

from commandline.compat.invokeai import add_flags, make_plan, train
from commandline.compat.run import run_training
from commandline.job import interruptible


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags of the original."""
    del command
    add_flags(parser)


def run(args: argparse.Namespace) -> int:
    """Train, or open the form, and return the exit code."""
    given = {name: value for name, value in vars(args).items() if name != "command"}
    if given.pop("gui", False):
        from commandline.console import open_form

        return open_form(given)
    plan, control = make_plan(given), interruptible()
    return run_training(plan.options, lambda repository: train(plan, control, repository))
