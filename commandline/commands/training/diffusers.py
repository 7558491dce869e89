"""`ti diffusers` and `ti diffusers-sdxl`: diffusers' training scripts by their own flags."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, cast

from commandline.compat.diffusers import read_options, train
from commandline.compat.flags import Script, add_flags
from commandline.compat.mapping import Options
from commandline.job import follow, interruptible

if TYPE_CHECKING:
    from commandline.compat.hub import Push


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags of the original."""
    add_flags(parser, cast("Script", command))


def run(args: argparse.Namespace) -> int:
    """Train and return the exit code."""
    options = read_options(args)
    push = _push(options)
    events = train(options, interruptible(), push.repository.name if push else "")
    code = follow(events, kind="train", as_json=False)
    if push and code == 0:
        print(f"Uploaded to {push.upload()}")
    return code


def _push(options: Options) -> Push | None:
    """Find the repository of --push_to_hub before the training; the first process uploads."""
    from textual_inversion.devices.launcher import is_main_process

    if not options["push_to_hub"] or not is_main_process():
        return None
    from commandline.compat.hub import Push

    return Push(options)
