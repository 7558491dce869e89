"""A snapshot that a user likes best in a grid becomes an embedding of the library."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError
from textual_inversion.generation.grids.manifest import CellOfGrid, find_cell
from textual_inversion.generation.infotext import vectors_hash
from textual_inversion.names import check_name


def keep_embedding(folder: Path, file: str, name: str, library: Library) -> Path:
    """Make the vectors that a cell was drawn with the library's embedding `name`; return its path.

    Raises:
        EmbeddingError: The name is not allowed or is taken, or the cell's file is there no more,
            has changed, or no embedding varies in the grid.
        StorageError: The file cannot be written.
    """
    name = check_name(name)
    cell = find_cell(folder, file)
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
