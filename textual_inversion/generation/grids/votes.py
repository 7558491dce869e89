"""Thumbs up and down for a grid's cells, kept beside it. Light: no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, get_args

from textual_inversion.generation.grids.manifest import find_cell
from textual_inversion.storage.atomic import write_whole

Thumb = Literal["up", "down"]
VOTES = "votes.json"


def read_votes(folder: Path) -> dict[str, Thumb]:
    """Read the thumbs of a grid by the cells' files; none where the file cannot be read."""
    try:
        data = json.loads((folder / VOTES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    known = data.items() if isinstance(data, dict) else ()
    return {str(file): thumb for file, thumb in known if thumb in get_args(Thumb)}


def vote(folder: Path, file: str, thumb: Thumb) -> dict[str, Thumb]:
    """Set a cell's thumb, or take it back where it is set already; return all thumbs.

    Raises:
        StorageError: There is no such cell, or the votes cannot be written.
    """
    find_cell(folder, file)
    votes = read_votes(folder)
    if votes.get(file) == thumb:
        del votes[file]
    else:
        votes[file] = thumb
    write_whole(folder / VOTES, json.dumps(votes, indent=1, sort_keys=True).encode())
    return votes
