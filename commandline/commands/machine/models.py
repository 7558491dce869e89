"""`ti models`: the base models that are here, what each is, and downloads from the Hub."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from commandline.tables import print_table

if TYPE_CHECKING:
    from textual_inversion.models.listing.entries import ModelEntry

_TITLES = ("NAME", "FAMILY", "PREDICTS", "PIXELS", "SIZE", "HASH")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags, and `download` with its own."""
    del command
    parser.add_argument("--json", action="store_true", help="Print one JSON list for scripts.")
    parser.add_argument(
        "--hash",
        action="store_true",
        help="Compute the hashes that are not known yet, which reads the models' files.",
    )
    parser.add_argument(
        "--folders",
        nargs="*",
        metavar="DIR",
        help="Scan these folders beside models/ from now on, also for the page; none stops that.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    download = actions.add_parser(
        "download",
        help="Download a base model from the Hugging Face Hub.",
        description="Download a base model into the Hub's cache; files that are there are not "
        "fetched again. HF_TOKEN, HF_HOME and HF_HUB_OFFLINE are respected.",
    )
    download.add_argument("id", metavar="ID", help="The model's name on the Hub: owner/model.")
    download.add_argument("--revision", metavar="TEXT", default="", help="A branch, tag or commit.")
    download.add_argument(
        "--variant", metavar="TEXT", default="", help="The weights' variant, such as fp16."
    )


def run(args: argparse.Namespace) -> int:
    """List the models, or download one; return the exit code."""
    if args.action == "download":
        return _download(args.id, args.revision, args.variant)
    if args.folders is not None:
        from textual_inversion.models.listing.folders import keep_folders

        keep_folders(args.folders)
    entries = _entries(hashed=args.hash)
    if args.json:
        print(json.dumps([asdict(entry) for entry in entries], indent=2))
        return 0
    if not entries:
        print("No base models; put one into models/, or get one with: ti models download ID")
        return 0
    print_table(_TITLES, map(_cells, entries), plain=map(_line, entries))
    return 0


def _entries(*, hashed: bool) -> list[ModelEntry]:
    from textual_inversion.models.listing.entries import list_entries
    from textual_inversion.models.listing.hashes import short_hash

    entries = list_entries()
    if not hashed:
        return entries
    return [
        entry if entry.problem else replace(entry, short_hash=short_hash(Path(entry.path)))
        for entry in entries
    ]


def _download(name: str, revision: str, variant: str) -> int:
    from textual_inversion.models.hub import check_hub_name, fetch

    named = f"{name}@{revision}" if revision else name
    check_hub_name(named)
    print(f"{named} is in {fetch(named, variant=variant)}")
    return 0


def _cells(entry: ModelEntry) -> tuple[str, ...]:
    if entry.problem:
        return entry.name, "", "", "", "", f"cannot be used: {entry.problem}"
    return (entry.name, *_facts(entry))


def _line(entry: ModelEntry) -> str:
    if entry.problem:
        return f"{entry.name:32} cannot be used: {entry.problem}"
    return f"{entry.name:32} {', '.join(filter(None, _facts(entry)))}"


def _facts(entry: ModelEntry) -> Iterator[str]:
    yield entry.family
    is_model = entry.kind != "vae"
    yield (entry.prediction or "known once it is opened") if is_model else ""
    yield f"{entry.size} px" if is_model else ""
    yield f"{entry.num_bytes / 1e9:.2f} GB"
    yield entry.short_hash or ""
