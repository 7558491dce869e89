"""What a job would do, in words, before it is started; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from preprocessing.files.folder_walk import find_recursively
from preprocessing.files.manifest import Manifest
from preprocessing.transforms import num_flips
from textual_inversion.errors import DatasetError
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import find_pictures
from textual_inversion.settings import PreprocessSettings


@dataclass(frozen=True)
class Plan:
    """What is read and written; `num_foreign` files in the destination are of other pictures."""

    sentence: str
    num_foreign: int = 0


def plan(settings: PreprocessSettings, *, size: int) -> Plan:
    """Describe what `preprocess` would do; `size` is what a width or height of 0 stands for.

    Raises:
        DatasetError: The source has no pictures, or cannot be read.
    """
    source, destination = Path(settings.source.strip()), settings.destination.strip()
    if not settings.source.strip() or not destination:
        raise DatasetError("Choose a folder of pictures, and where the prepared ones should go.")
    source, target = source.expanduser(), Path(destination).expanduser()
    found = find_recursively(source).pictures if settings.recursive else find_pictures(source)
    count = f"{len(found)} picture{'' if len(found) == 1 else 's'}"
    what = f"Reads {count} in {path_text(source)}, {_action(settings, size)} {path_text(target)}."
    return Plan(f"{what}{_copies(settings, len(found))}", _num_foreign(target, found))


def _action(settings: PreprocessSettings, size: int) -> str:
    if settings.output_format == "captions":
        return "and writes only captions to"
    kind = settings.output_format.upper()
    if settings.keep_original_size:
        return f"keeps their sizes, and writes them as {kind} to"
    place = "their focal point" if settings.focal_crop else "the middle"
    if settings.auto_sized_crop:
        return f"crops each around {place} to a size that suits it, and writes {kind} to"
    sides = f"{settings.width or size} x {settings.height or size}"
    return f"crops each around {place} to {sides} pixels, and writes {kind} to"


def _copies(settings: PreprocessSettings, count: int) -> str:
    if settings.output_format == "captions":
        return ""
    each = 1 + num_flips(settings.flipped_copies)
    split = " Long ones are split into more." if settings.split_oversized else ""
    return (f" With flipped copies that makes {each * count} files." if each > 1 else "") + split


def _num_foreign(target: Path, found: list[Path]) -> int:
    try:
        there = {e.name for e in target.iterdir() if e.name[0] != "." and not e.is_dir()}
    except (OSError, ValueError):
        return 0
    return len(there - Manifest.read(target).files_of(found)) if there else 0
