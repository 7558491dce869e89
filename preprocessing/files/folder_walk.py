"""Find a data set's folder by name, and pictures in a folder and its subfolders."""

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
    """The pictures found, and one sentence for each folder that could not be read."""

    pictures: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def dataset_folder(name: str) -> Path:
    """Return a data set's path, or that of a sample that ships with the project.

    Raises:
        DatasetError: No folder is named.
    """
    if not name.strip():
        raise DatasetError("No folder is given; enter the folder that holds the pictures.")
    try:
        here = Path(name.strip()).expanduser()
    except RuntimeError:  # "~nobody" has no home directory
        here = Path(name)
    return here if here.exists() else find_folder(name.strip())


def find_recursively(folder: Path, *, leave_out: Iterable[Path] = ()) -> Tree:
    """List the pictures of `folder` and then of each subfolder, in natural order.

    Hidden folders and those in `leave_out` are skipped; a folder is visited once.

    Raises:
        DatasetError: The folder itself cannot be read, or there is no picture anywhere.
    """
    tree = Tree(pictures_in(folder))
    for below in _folders(folder, {os.path.realpath(path) for path in leave_out}):
        try:
            tree.pictures += pictures_in(below)
        except DatasetError as error:
            tree.problems.append(str(error))
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
    waiting = _subfolders(folder)
    while waiting:
        below = waiting.pop()
        if os.path.realpath(below) not in visited:
            visited.add(os.path.realpath(below))
            yield below
            waiting += _subfolders(below)


def _subfolders(folder: Path) -> list[Path]:
    """List the subfolders of a folder in reverse natural order."""
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        return sorted(
            (entry for entry in entries if entry.is_dir()), key=natural_sort_key, reverse=True
        )
    except OSError:
        return []  # listing its pictures reports the error
