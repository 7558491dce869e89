"""`ti import | rename | duplicate | delete | undelete`: change what lies in embeddings/."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from commandline.tables import print_json
from textual_inversion.errors import TextualInversionError, printable
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.library import Library

_NAME = "An embedding of embeddings/."
T = TypeVar("T")


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
            about = f"{_NAME} One that cannot be deleted is named, and the others are."
            parser.add_argument("name", nargs="+", metavar="NAME", help=about)
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
        return _each(args.file, lambda file: _import(library, file))
    if args.command == "delete":
        return _each(args.name, lambda name: _delete(library, name))
    for line in _RUN[args.command](library, args):
        print(printable(line))
    return 0


def _each(given: Iterable[T], done: Callable[[T], Iterator[str]]) -> int:
    """Do something with each of what was given; the exit code is 1 where one is refused."""
    code = 0
    for one in given:
        try:
            for line in done(one):
                print(printable(line))
        except TextualInversionError as error:
            print(f"ti: {error}", file=sys.stderr)
            code = 1
    return code


def _import(library: Library, file: Path) -> Iterator[str]:
    for entry in library.add(file):
        yield f"Imported {entry.name}: {entry.path}"


def _rename(library: Library, args: argparse.Namespace) -> Iterator[str]:
    from textual_inversion.embeddings.library.renaming import rename

    yield f"Renamed: {rename(library, args.name, args.new_name)}"


def _duplicate(library: Library, args: argparse.Namespace) -> Iterator[str]:
    yield f"Copied: {library.duplicate(args.name, args.new_name)}"


def _delete(library: Library, given: str) -> Iterator[str]:
    from textual_inversion.embeddings.library.renaming import refuse_while_trained

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
    "undelete": _undelete,
}
