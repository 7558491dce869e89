"""`ti fetch`: embeddings of the Hugging Face Hub into the library."""

from __future__ import annotations

import argparse
from pathlib import Path

from textual_inversion.errors import printable
from textual_inversion.storage.paths import find_folder


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    parser.add_argument(
        "repository",
        metavar="REPOSITORY",
        help="OWNER/NAME, such as sd-concepts-library/cat-toy, or the address of its page.",
    )
    parser.add_argument(
        "--revision", metavar="TEXT", help="A branch, tag or commit. (default: main)"
    )
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        metavar="PATTERN",
        help="Only files that match, such as *.pt; may be repeated. (default: all embeddings)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="The folder to write into. (default: embeddings)",
    )
    parser.add_argument("--force", action="store_true", help="Overwrite files that are there.")


def run(args: argparse.Namespace) -> int:
    """Download, and print what each embedding is called now; return the exit code."""
    from textual_inversion.embeddings.library import Library
    from textual_inversion.embeddings.sharing.fetch import fetch_concept

    folder = args.output or find_folder("embeddings")
    options = {"revision": args.revision, "files": args.file, "force": args.force}
    paths = fetch_concept(args.repository, folder, **options)
    for entry in Library(folder).list():
        if entry.path in paths:
            facts = entry.problem or f"{entry.num_vectors} vectors"
            print(printable(f"{entry.name}: {facts}, {entry.path}"))
    return 0
