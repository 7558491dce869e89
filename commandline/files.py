"""`ti list | export | convert | inspect`: embedding files, ours and others'."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual_inversion.embeddings.formats.exports import FORMATS, PICTURES
from textual_inversion.errors import SettingsError, printable
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding

COMMANDS = ("list", "export", "convert")
_EXPORT = "Write an embedding of embeddings/ in the format of another program."
_CONVERT = "Write embedding files of any program in the format of another one."
_CONCEPTS = ("object", "style")


def add_commands(commands: Any) -> None:
    """Add the commands to `ti`'s subparsers."""
    commands.add_parser("list", help="List the embeddings in embeddings/.")
    export = commands.add_parser("export", help=_EXPORT, description=_EXPORT)
    export.add_argument("embedding", metavar="NAME", help="An embedding of embeddings/.")
    convert = commands.add_parser("convert", help=_CONVERT, description=_CONVERT)
    convert.add_argument("file", nargs="+", type=Path, metavar="FILE", help="Embedding files.")
    for command in (export, convert):
        _add_export_flags(command)


def _add_export_flags(command: argparse.ArgumentParser) -> None:
    listed = "; ".join(f"{name}: {form.title}" for name, form in FORMATS.items())
    command.add_argument("--format", required=True, choices=list(FORMATS), help=f"{listed}.")
    command.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="PATH",
        help="The folder to write into, or for formats of one file that file. (default: here)",
    )
    command.add_argument(
        "--name", metavar="TEXT", help="What it is called there. (default: as it is here)"
    )
    command.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="With png and webp: the picture to put it into. (default: the newest preview of its "
        "training, or a plain one)",
    )
    command.add_argument(
        "--concept-type",
        choices=_CONCEPTS,
        help="With concept: what its card says. (default: style if it was trained with a template "
        "of that name, else object)",
    )
    command.add_argument("--force", action="store_true", help="Overwrite files that are there.")


def run(args: argparse.Namespace) -> int:
    """Run one of the commands and give its exit code."""
    if args.command == "list":
        from commandline.embeddings import list_embeddings

        return list_embeddings()
    _check_flags(args)
    for embedding, path in _sources(args):
        for written in _export(args, embedding, path):
            print(printable(str(written)))
    return 0


def _check_flags(args: argparse.Namespace) -> None:
    """Refuse flags that the format has no use for.

    Raises:
        SettingsError: There is one.
    """
    if args.picture and args.format not in PICTURES:
        raise SettingsError(f"--picture is for {' and '.join(PICTURES)}; leave it out.")
    if args.concept_type and args.format != "concept":
        raise SettingsError("--concept-type is for --format concept; leave it out.")


def _sources(args: argparse.Namespace) -> Iterator[tuple[Embedding, Path]]:
    """Yield what is to be written, with the file that it comes from."""
    from textual_inversion.embeddings import formats
    from textual_inversion.embeddings.library import Library

    if args.command == "export":
        library = Library(find_folder("embeddings"))
        yield library.load(args.embedding), library.path_of(args.embedding)
        return
    found = [(one, path) for path in args.file for one in formats.read_all(path)]
    if len(found) > 1 and args.name:
        raise SettingsError(
            f"--name is for one embedding, and these files hold {len(found)}; leave it out."
        )
    yield from found


def _export(args: argparse.Namespace, embedding: Embedding, path: Path) -> Iterable[Path]:
    from dataclasses import replace

    from textual_inversion.embeddings.formats.exports.export import export
    from textual_inversion.embeddings.formats.exports.extras import Extras
    from textual_inversion.embeddings.provenance import of_the_library
    from textual_inversion.images.decoding import open_picture

    extras = Extras()
    if args.command == "export":
        is_picture = args.format in PICTURES and not args.picture
        embedding, extras = of_the_library(embedding, path, with_picture=is_picture)
    if args.picture:
        extras = replace(extras, picture=open_picture(args.picture))
    if args.concept_type:
        extras = replace(extras, concept_type=args.concept_type)
    embedding = replace(embedding, name=args.name or embedding.name)
    return export(embedding, args.format, args.output, extras=extras, force=args.force)
