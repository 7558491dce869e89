"""A training by other programs' flags at the terminal, and its upload at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from commandline.compat.mapping import Options
from commandline.job import follow
from textual_inversion.devices.launcher import is_main_process
from textual_inversion.events import Event

if TYPE_CHECKING:
    from commandline.compat.hub import Push


def run_training(options: Options, train: Callable[[str], Iterator[Event]]) -> int:
    """Train, and with --push_to_hub upload the results; return the exit code.

    `train` is called with the name of the repository, "" where nothing is uploaded.
    """
    push = _find_push(options)
    code = follow(train(push.repository.name if push else ""), kind="train", as_json=False)
    if push and code == 0:
        print(f"Uploaded to {push.upload()}")
    return code


def _find_push(options: Options) -> Push | None:
    """Find the repository before the training; the first process uploads."""
    if not options["push_to_hub"] or not is_main_process():
        return None
    from commandline.compat.hub import Push

    return Push(options)
