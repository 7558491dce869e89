"""What the drop-downs offer: models, templates and embeddings found on disk.

A folder that cannot be read offers nothing here; the job that uses it says what is wrong.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.errors import TextualInversionError
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from textual_inversion.embeddings.library import Entry, Library

_MOST_RUNS = 100
_SAMPLE = "samples/mammoth"


def models() -> list[str]:
    """List the base models by the names that settings accept."""
    from textual_inversion.models.catalog import list_models
    from textual_inversion.models.hub import list_cached

    return [*list_models(), *list_cached()]


def vaes() -> list[str]:
    """List the separate VAEs by the names that settings accept."""
    from textual_inversion.models.listing.vaes import list_vaes

    return list_vaes()


def templates() -> list[str]:
    """List the prompt templates."""
    from textual_inversion.prompts.template import list_templates

    return list_templates()


def presets() -> list[str]:
    """List the presets of a training, "none" first."""
    from textual_inversion.settings.presets.built_in import BUILT_IN
    from textual_inversion.settings.presets.kept import NO_PRESET, own_presets

    return [NO_PRESET, *BUILT_IN, *own_presets()]


def embeddings() -> list[tuple[str, str]]:
    """List the embeddings as (label, name)."""
    try:
        entries = library(find_folder("embeddings")).list()
    except (TextualInversionError, OSError):
        return []
    return [(_label(entry), entry.name) for entry in entries if not entry.problem]


def newest_embedding() -> str:
    """Name the embedding that was created or trained last; "" while there is none."""
    try:
        entries = library(find_folder("embeddings")).list()
        usable = [entry for entry in entries if not entry.problem]
        return max(usable, key=lambda entry: entry.path.stat().st_mtime).name if usable else ""
    except (TextualInversionError, OSError):
        return ""


def runs() -> list[tuple[str, str]]:
    """List the newest runs that have settings, as (label, name)."""
    found = [path.parent for path in find_folder("runs").glob("*/*/settings.json")]
    found.sort(key=lambda folder: (folder.parent.name, folder.name), reverse=True)
    names = [f"{folder.parent.name}/{folder.name}" for folder in found[:_MOST_RUNS]]
    return [("none", ""), *((name, name) for name in names)]


def find_embedding(name: str) -> Entry | None:
    """Look up a usable embedding; None where there is none, or its folder cannot be read."""
    try:
        entry = library(find_folder("embeddings")).find(name)
    except (TextualInversionError, OSError):
        return None
    return entry if entry and not entry.problem else None


def listed_model(name: str) -> str:
    """Find the listed base model that embedding files call `name`; empty when there is none.

    They name a model by its folder, or by its file without the suffix.
    """
    named = ((model, Path(model)) for model in models())
    return next((model for model, path in named if name in {path.name, path.stem}), "")


def sample_pictures() -> str:
    """Find the folder of pictures that ships with the project; "" when it is not here."""
    folder = find_folder(_SAMPLE)
    return str(folder) if folder.is_dir() else ""


@lru_cache(maxsize=8)
def library(folder: Path) -> Library:
    """Keep one library a folder: it reads a file again only when it changed."""
    from textual_inversion.embeddings.library import Library

    return Library(folder)


def _label(entry: Entry) -> str:
    return f"{entry.name} · {entry.num_vectors} vector{'s' if entry.num_vectors != 1 else ''}"
