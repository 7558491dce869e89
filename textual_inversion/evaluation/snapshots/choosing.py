"""A snapshot that was measured becomes the embedding; what that was is kept beside it."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.library.replacing import replace_vectors
from textual_inversion.errors import EmbeddingError
from textual_inversion.evaluation.snapshots.record import Evaluation, Subject
from textual_inversion.generation.infotext import vectors_hash


def use_candidate(evaluation: Evaluation, candidate: Subject, library: Library) -> str:
    """Make a candidate's vectors the embedding; say what became of those it had.

    Raises:
        EmbeddingError: The candidate's file is gone or has changed since, or the embedding is gone
            or being trained.
        StorageError: A file could not be written; the embedding is then what it was.
    """
    for found in formats.read_all(Path(candidate.path)):
        if vectors_hash(found.vectors) == candidate.vectors:
            break
    else:
        raise EmbeddingError(
            f"{candidate.path} has changed since it was evaluated; evaluate {evaluation.name} "
            "again. What an embedding was stays in the library under its name and steps."
        )
    name = evaluation.name
    kept = replace_vectors(library, name, found)
    if not kept:
        return f"{name} has these vectors already."
    return f"{name} is now what was called {candidate.label}; what it was is kept as {kept}."
