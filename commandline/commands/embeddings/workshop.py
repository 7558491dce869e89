"""`ti workshop` and `ti prune`: embeddings made from others."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from commandline.flags import SETTINGS, add_flags, read_settings
from textual_inversion.errors import SettingsError
from textual_inversion.settings.workshop import PruneSettings, WorkshopSettings
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import find_folder


def add_arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """Add the flags."""
    add_flags(parser, SETTINGS[command])
    if command == "workshop":
        parser.add_argument(
            "--preview",
            dest="look",
            type=Path,
            metavar="FILE",
            help="Draw a picture of the new embedding into this PNG file, and save no embedding.",
        )
        parser.add_argument(
            "--preview-prompt",
            dest="look_prompt",
            default="a photo of [name]",
            metavar="TEXT",
            help="What the picture shows; [name] is the embedding. (default: a photo of [name])",
        )


def run(args: argparse.Namespace) -> int:
    """Make the embedding and say where it is; return the exit code."""
    if args.command == "prune":
        return _prune(read_settings(args, PruneSettings))
    settings = read_settings(args, WorkshopSettings)
    if args.look:
        _draw(settings, args.look, args.look_prompt)
        print(f"Drew {args.look}; {settings.name} is saved by the same command without --preview.")
        return 0
    from textual_inversion.embeddings.workshop.make import make_and_save

    print(f"Made {make_and_save(settings)}.")
    return 0


def _draw(settings: WorkshopSettings, path: Path, prompt: str) -> None:
    """Draw the embedding that the settings make; nothing else is written."""
    if path.exists() or path.suffix.lower() != ".png":
        why = "exists already" if path.exists() else "is no name of a PNG file"
        raise SettingsError(f"{path} {why}; give --preview another name, such as look.png.")
    from textual_inversion.embeddings.library import Library
    from textual_inversion.embeddings.workshop.make import make_embedding
    from textual_inversion.generation.unsaved import draw_unsaved, preview_settings

    embedding = make_embedding(settings, Library(find_folder("embeddings")))
    picture = draw_unsaved(embedding, preview_settings(prompt, settings.model))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    write_whole(path, buffer.getvalue())


def _prune(settings: PruneSettings) -> int:
    from commandline.job import interruptible
    from textual_inversion.events import Finished, Warned
    from textual_inversion.training.pruning import Dropped, prune

    control = interruptible("Stopping after this try; nothing is saved.")
    for event in prune(settings, control):
        match event:
            case Dropped():
                print(
                    f"dropped vector {event.number}: loss {event.loss_before:.5f} -> "
                    f"{event.loss_after:.5f}, {event.left} left"
                )
            case Finished(path=path) if path:
                print(f"Made {path}.")
            case Warned():
                print(f"Warning: {event.message}")
            case _:
                pass
    return 130 if control.stopping else 0
