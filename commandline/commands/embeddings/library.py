"""`ti import | rename | duplicate | delete | undelete`: change what lies in embeddings/."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from commandline.tables import print_json
from textual_inversion.errors import TextualInversionError, printable
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.library import Library

_NAME = "An embedding of embeddings/."


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the arguments of a command."""
    match command:
        case "import":
            about = (
                "Embedding files; they are copied, and where a name is taken it gets a number. One "
                "that cannot be is named, and the others are copied."
            )
            parser.add_argument("file", nargs="+", type=Path, metavar="FILE", help=about)
        case "rename":
            parser.add_argument("name", metavar="NAME", help=_NAME)
            parser.add_argument("new_name", metavar="NEW_NAME", help="What to call it.")
        case "duplicate":
            parser.add_argument("name", metavar="NAME", help=_NAME)
            about = "What to call the copy. (default: NAME-copy)"
            parser.add_argument("new_name", nargs="?", default="", metavar="NEW_NAME", help=about)
        case "delete":
            parser.add_argument("name", nargs="+", metavar="NAME", help=_NAME)
        case _:
            about = "What was deleted. (default: the last)"
            parser.add_argument("name", nargs="?", default="", metavar="NAME", help=about)
            parser.add_argument("--list", action="store_true", help="Only list what can come back.")
            parser.add_argument("--json", action="store_true", help="List it as JSON for scripts.")


def run(args: argparse.Namespace) -> int:
    """Run one of the commands and give its exit code."""
    from textual_inversion.embeddings.library import Library

    library = Library(find_folder("embeddings"))
    if args.command == "undelete" and args.json:
        print_json([asdict(deleted) for deleted in library.deleted()])
        return 0
    if args.command == "import":
        return _import(library, args.file)
    for line in _RUN[args.command](library, args):
        print(printable(line))
    return 0


def _import(library: Library, files: Iterable[Path]) -> int:
    """Import each file that holds an embedding; the exit code is 1 where one does not."""
    code = 0
    for file in files:
        try:
            added = library.add(file)
        except TextualInversionError as error:
            print(f"ti: {error}", file=sys.stderr)
            code = 1
        else:
            for entry in added:
                print(printable(f"Imported {entry.name}: {entry.path}"))
    return code


def _rename(library: Library, args: argparse.Namespace) -> Iterator[str]:
    from textual_inversion.embeddings.library.renaming import rename

    yield f"Renamed: {rename(library, args.name, args.new_name)}"


def _duplicate(library: Library, args: argparse.Namespace) -> Iterator[str]:
    yield f"Copied: {library.duplicate(args.name, args.new_name)}"


def _delete(library: Library, args: argparse.Namespace) -> Iterator[str]:
    from textual_inversion.embeddings.library.renaming import refuse_while_trained

    for given in args.name:
        refuse_while_trained(given)
        deleted = library.delete(given)
        files = ", ".join(deleted.files)
        name = shlex.quote(deleted.name)
        yield f"Deleted {deleted.name} ({files}); it comes back with: ti undelete {name}"


def _undelete(library: Library, args: argparse.Namespace) -> Iterator[str]:
    if not args.list:
        yield f"Put back: {library.undelete(args.name)}"
        return
    for deleted in library.deleted():
        yield f"{deleted.name:24} {', '.join(deleted.files)}, deleted {deleted.when}"


_RUN: dict[str, Callable[[Library, argparse.Namespace], Iterator[str]]] = {
    "rename": _rename,
    "duplicate": _duplicate,
    "delete": _delete,
    "undelete": _undelete,
}
