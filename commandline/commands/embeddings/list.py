"""`ti list`: the embeddings of the library."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING

from commandline.tables import add_json_flag, print_json, print_table
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.library import Entry

_TITLES = ("NAME", "VECTORS", "WIDTH", "STEP", "MODEL", "FAMILY", "DATE", "FILE")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    parser.add_argument(
        "text",
        nargs="*",
        metavar="TEXT",
        help="List only embeddings with these words in their name, family, base model or file.",
    )
    parser.add_argument(
        "--model",
        metavar="TEXT",
        help="Say of each embedding that this base model cannot use why it cannot.",
    )
    add_json_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Print the embeddings folder's table; return the exit code."""
    folder = find_folder("embeddings")
    entries = _found(args)
    if args.json:
        print_json([_facts(entry) for entry in entries])
    elif entries:
        print_table(_TITLES, map(_cells, entries), plain=map(_line, entries))
    elif args.text:
        print(f"No embedding in {folder} has {' '.join(args.text)!r} in its name or file.")
    else:
        print(f"No embeddings in {folder} yet; make one with: ti create NAME")
    return 0


def _found(args: argparse.Namespace) -> list[Entry]:
    from textual_inversion.embeddings.library import Library
    from textual_inversion.embeddings.library.search import search, with_misfits
    from textual_inversion.models.catalog import describe_model

    widths = describe_model(args.model).widths if args.model else None
    found = search(Library(find_folder("embeddings")).list(), " ".join(args.text))
    return with_misfits(found, widths) if widths else found


def _facts(entry: Entry) -> dict[str, object]:
    facts = {**dataclasses.asdict(entry), "path": str(entry.path), "family": entry.family}
    return {key: value for key, value in facts.items() if key not in {"index", "stem"}}


def _cells(entry: Entry) -> tuple[str, ...]:
    if entry.problem:
        return entry.name, "", "", "", _problem(entry), "", "", str(entry.path)
    counts = (str(entry.num_vectors), _widths(entry), str(entry.step))
    return entry.name, *counts, _base_model(entry), entry.family, entry.date or "", str(entry.path)


def _line(entry: Entry) -> str:
    if entry.problem:
        return f"{entry.name:24} {_problem(entry)}"
    facts = f"{entry.num_vectors} vectors x {_widths(entry)}, step {entry.step}"
    origin = (_base_model(entry), entry.family, entry.date, str(entry.path))
    return f"{entry.name:24} {facts}, {', '.join(filter(None, origin))}"


def _problem(entry: Entry) -> str:
    return f"cannot be used: {entry.problem}"


def _widths(entry: Entry) -> str:
    return "+".join(str(width) for width in entry.widths)


def _base_model(entry: Entry) -> str:
    return entry.base_model or "base model not named"
