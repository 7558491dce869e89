"""`ti export | convert`: embeddings as files of other programs."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.embeddings.formats.exports import FORMATS, PICTURES
from textual_inversion.errors import SettingsError, printable
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding
    from textual_inversion.embeddings.formats.exports.extras import Extras

_CONCEPTS = ("object", "style")


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags: what is written, then the format and the place."""
    if command == "export":
        parser.add_argument("embedding", metavar="NAME", help="An embedding of embeddings/.")
    else:
        parser.add_argument("file", nargs="+", type=Path, metavar="FILE", help="Embedding files.")
    _add_export_flags(parser)


def _add_export_flags(parser: argparse.ArgumentParser) -> None:
    listed = "; ".join(f"{name}: {form.title}" for name, form in FORMATS.items())
    parser.add_argument("--format", required=True, choices=list(FORMATS), help=f"{listed}.")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path(),
        metavar="PATH",
        help="The folder to write into, or for formats of one file that file. (default: here)",
    )
    parser.add_argument(
        "--name", metavar="TEXT", help="What it is called there. (default: as it is here)"
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="With png and webp: the picture to put it into. (default: the newest preview of its "
        "training, or a plain one)",
    )
    parser.add_argument(
        "--concept-type",
        choices=_CONCEPTS,
        help="With concept: what its card says. (default: style if it was trained with a template "
        "of that name, else object)",
    )
    parser.add_argument("--force", action="store_true", help="Overwrite files that are there.")


def run(args: argparse.Namespace) -> int:
    """Write the files, all or none, print their paths and return the exit code."""
    _check_flags(args)
    from textual_inversion.embeddings.formats.exports.export import export_all

    wanted = [_prepared(args, embedding, path) for embedding, path in _sources(args)]
    for written in export_all(wanted, args.format, args.output, force=args.force):
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


def _prepared(
    args: argparse.Namespace, embedding: Embedding, path: Path
) -> tuple[Embedding, Extras]:
    """Return the embedding as it is to be written, and what is shown beside it."""
    from dataclasses import replace

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
    return replace(embedding, name=args.name or embedding.name), extras
