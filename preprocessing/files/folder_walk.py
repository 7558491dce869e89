"""Folders of pictures: one by its name, and all below one; links that lead in circles end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from textual_inversion.errors import DatasetError
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import natural_sort_key, pictures_in
from textual_inversion.storage.paths import find_folder


@dataclass
class Tree:
    """The pictures that were found, and one sentence for each folder that could not be read."""

    pictures: list[Path] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


def dataset_folder(name: str) -> Path:
    """Find a data set here, or among the samples that ship with the project.

    Raises:
        DatasetError: No folder is named.
    """
    if not name.strip():
        raise DatasetError("No folder is named; write the folder that holds the pictures.")
    try:
        here = Path(name.strip()).expanduser()
    except RuntimeError:  # "~nobody" is no one's home
        here = Path(name)
    return here if here.exists() else find_folder(name.strip())


def find_below(folder: Path, *, leave_out: Iterable[Path] = ()) -> Tree:
    """List the pictures of `folder`, then those of each folder in it, as people count.

    Hidden folders and those of `leave_out` are passed by; a folder is visited once.

    Raises:
        DatasetError: The folder itself cannot be read, or there is no picture anywhere.
    """
    tree = Tree(pictures_in(folder))
    for below in _folders(folder, {os.path.realpath(path) for path in leave_out}):
        try:
            tree.pictures += pictures_in(below)
        except DatasetError as error:
            tree.complaints.append(str(error))
    if not tree.pictures:
        raise DatasetError(
            f"Folder {path_text(folder)} and those below it hold no pictures; put some in as PNG, "
            "JPEG or WebP files."
        )
    return tree


def _folders(folder: Path, visited: set[str]) -> Iterator[Path]:
    """Walk depth first; `visited` holds real paths, so that a link cannot lead back.

    (`Path.resolve` raises for a link to itself, `realpath` does not.)
    """
    visited.add(os.path.realpath(folder))
    waiting = _inside(folder)
    while waiting:
        below = waiting.pop()
        if os.path.realpath(below) not in visited:
            visited.add(os.path.realpath(below))
            yield below
            waiting += _inside(below)


def _inside(folder: Path) -> list[Path]:
    """List the folders in a folder, the first one last."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        return sorted(
            (entry for entry in entries if entry.is_dir()), key=natural_sort_key, reverse=True
        )
    except OSError:
        return []  # reading its pictures says why
