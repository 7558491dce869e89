"""`ti list`: the embeddings of the library."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from commandline.tables import add_json_flag, print_json, print_table
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.library import Entry

_TITLES = ("NAME", "VECTORS", "WIDTH", "STEP", "BASE MODEL")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    add_json_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Print the embeddings folder's table; return the exit code."""
    from textual_inversion.embeddings.library import Library

    folder = find_folder("embeddings")
    entries = Library(folder).list()
    if args.json:
        print_json([asdict(entry) for entry in entries])
        return 0
    if not entries:
        print(f"No embeddings in {folder} yet; make one with: ti create NAME")
        return 0
    print_table(_TITLES, map(_cells, entries), plain=map(_line, entries))
    return 0


def _cells(entry: Entry) -> tuple[str, ...]:
    if entry.problem:
        return entry.name, "", "", "", _problem(entry)
    counts = (str(entry.num_vectors), _widths(entry), str(entry.step))
    return entry.name, *counts, _base_model(entry)


def _line(entry: Entry) -> str:
    if entry.problem:
        return f"{entry.name:24} {_problem(entry)}"
    facts = f"{entry.num_vectors} vectors x {_widths(entry)}, step {entry.step}"
    return f"{entry.name:24} {facts}, {_base_model(entry)}"


def _problem(entry: Entry) -> str:
    return f"cannot be used: {entry.problem}"


def _widths(entry: Entry) -> str:
    return "+".join(str(width) for width in entry.widths)


def _base_model(entry: Entry) -> str:
    return entry.base_model or "base model not named"
