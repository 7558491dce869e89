"""The base models under the scanned folders, by name. Light; nothing but names is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.models.listing.folders import added_folders
from textual_inversion.models.single_file.layout import SUFFIXES
from textual_inversion.settings.base import DEFAULT_MODEL
from textual_inversion.storage.paths import find_folder

_DEPTH = 4
_MOST = 5_000  # models of all folders


def scan() -> dict[str, Path]:
    """Map the names that settings accept to diffusers folders and single files.

    The model that ships with the project comes first; then those of models/ by their path under
    it, and those of the added folders by their whole path.
    """
    found: dict[str, Path] = {}
    project = find_folder(DEFAULT_MODEL)
    if _is_model_folder(project):
        found[DEFAULT_MODEL] = project
    folder = find_folder("models")
    for path in sorted(_models_under(folder), key=lambda path: str(path).lower()):
        found.setdefault(f"models/{path.relative_to(folder).as_posix()}", path)
    for added in added_folders():
        for path in sorted(_models_under(added), key=lambda path: str(path).lower()):
            found.setdefault(str(path), path)
            if len(found) >= _MOST:
                return found
    return found


def _models_under(folder: Path) -> Iterator[Path]:
    """Find models in a folder and in its sub-folders, each of which is looked at once."""
    if _is_model_folder(folder):
        yield folder
        return
    seen: set[str] = set()
    depth = len(folder.parts)
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen or len(Path(parent).parts) - depth >= _DEPTH:
            folders.clear()
        if real in seen:  # a link back up, or to a neighbour
            continue
        seen.add(real)
        models = [name for name in folders if _is_model_folder(Path(parent, name))]
        yield from (Path(parent, name) for name in models)
        folders[:] = [name for name in folders if name not in models and name[0] != "."]
        yield from (Path(parent, name) for name in files if _is_checkpoint(Path(parent, name)))


def _is_model_folder(path: Path) -> bool:
    return (path / "model_index.json").is_file()


def _is_checkpoint(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.name[0] != "." and path.is_file()
