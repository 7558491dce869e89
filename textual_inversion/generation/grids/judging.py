"""What a user thinks of a grid's cells: thumbs beside the grid, and a snapshot that is kept."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Literal, get_args

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError, StorageError
from textual_inversion.generation.grids.manifest import CellOfGrid, read_grid
from textual_inversion.generation.infotext import vectors_hash
from textual_inversion.names import check_name
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
    _cell(folder, file)
    votes = read_votes(folder)
    if votes.get(file) == thumb:
        del votes[file]
    else:
        votes[file] = thumb
    write_whole(folder / VOTES, json.dumps(votes, indent=1, sort_keys=True).encode())
    return votes


def keep_embedding(folder: Path, file: str, name: str, library: Library) -> Path:
    """Make the vectors that a cell was drawn with the library's embedding `name`; return its path.

    Raises:
        EmbeddingError: The name is not allowed or is taken, or the cell's file is there no more,
            has changed, or no embedding varies in the grid.
        StorageError: The file cannot be written.
    """
    name = check_name(name)
    cell = _cell(folder, file)
    if not cell.embedding:
        raise EmbeddingError(
            "No embedding varies in this grid, so there is none to keep; draw one with steps, "
            "embeddings, weights or vectors on an axis."
        )
    found = _vectors_of(cell)
    return library.save(dataclasses.replace(found, name=name, key=None, suffix=None))


def _vectors_of(cell: CellOfGrid) -> Embedding:
    read = formats.read_all(Path(cell.embedding))
    candidates = [_cut(one, cell.kept) for one in read]
    for one in candidates:
        if vectors_hash(one.vectors) == cell.vectors:
            return one
    raise EmbeddingError(
        f"{cell.embedding} has changed since the grid was drawn; draw the grid again."
    )


def _cut(one: Embedding, kept: int) -> Embedding:
    if not kept:
        return one
    return dataclasses.replace(one, vectors=tuple(tensor[:kept] for tensor in one.vectors))


def _cell(folder: Path, file: str) -> CellOfGrid:
    cell = read_grid(folder).cell(file)
    if cell is None:
        raise StorageError(f"The grid {folder} has no cell {file[:60]!r}; look at it again.")
    return cell
