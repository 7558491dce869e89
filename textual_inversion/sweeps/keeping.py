"""A run of a sweep that a user likes best becomes an embedding of the library."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError
from textual_inversion.names import check_name


def keep_run(run: str, name: str, library: Library) -> Path:
    """Save the vectors of a run, as they are now, as the embedding `name` too; return its path.

    Raises:
        EmbeddingError: The name is not allowed or is taken, or the run's embedding is gone.
        StorageError: The file cannot be written.
    """
    name = check_name(name)
    entry = library.find(run)
    if entry is None:
        raise EmbeddingError(
            f'The embedding "{run}" is not there; its run has not begun, or it was deleted.'
        )
    learned = formats.read(entry.path)
    return library.save(dataclasses.replace(learned, name=name, key=None, suffix=None))
