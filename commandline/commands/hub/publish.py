"""`ti publish`: an embedding of the library onto the Hugging Face Hub."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from commandline.commands.hub.confirm import add_yes_flag, confirm
from textual_inversion.errors import printable
from textual_inversion.storage.paths import find_folder

_ABOUT = (
    "Upload an embedding with a card, previews and diffusers' files to a repository of the Hugging "
    'Face Hub. The token is that of "hf auth login" or of HF_TOKEN.'
)


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    del command
    parser.description = _ABOUT
    parser.add_argument("embedding", metavar="NAME", help="An embedding of embeddings/.")
    parser.add_argument(
        "repository", metavar="REPOSITORY", help="OWNER/NAME, or NAME for one of your own."
    )
    parser.add_argument(
        "--public",
        action="store_true",
        help="Let everybody see a new repository, or publish in a public one. (default: private)",
    )
    parser.add_argument(
        "--license",
        default="",
        metavar="ID",
        help="The license's identifier on the Hub. (default: that of the base model's family, "
        "creativeml-openrail-m or openrail++)",
    )
    parser.add_argument("--concept-type", choices=["object", "style"], help="What the card says.")
    parser.add_argument(
        "--picture",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="A picture for the card; may be repeated. (default: the newest previews)",
    )
    add_yes_flag(parser)


def run(args: argparse.Namespace) -> int:
    """Show what will be uploaded, ask, and upload; return the exit code."""
    from textual_inversion.embeddings.library import Library
    from textual_inversion.embeddings.sharing.publish import Choices, prepare, publish
    from textual_inversion.images.decoding import open_picture

    pictures = [open_picture(path) for path in args.picture]
    choices = Choices(args.public, args.license, args.concept_type, pictures)
    library = Library(find_folder("embeddings"))
    publication = prepare(library, args.embedding, args.repository, choices)
    print(printable(publication.summary).replace("\\n", "\n"), file=sys.stderr)
    if not args.yes and not confirm("Upload this?"):
        print("Nothing was uploaded.", file=sys.stderr)
        return 1
    print(publish(publication))
    return 0
