"""An embedding gets other vectors of its own; what it was stays under a numbered name."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from textual_inversion.embeddings.library.library import Library
from textual_inversion.embeddings.library.renaming import refuse_while_trained
from textual_inversion.names import MAX_LENGTH, free_name

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding

_ROOM_FOR_NUMBERS = 16


def replace_vectors(library: Library, name: str, other: Embedding) -> str:
    """Make an embedding what `other` is, and keep it as it was as `<name>-<step>`.

    Returns:
        What it is kept as, with a number more where that name is taken; empty where the embedding
        has these vectors already, and nothing was written.

    Raises:
        EmbeddingError: There is no such embedding, or it is being trained.
        StorageError: A file could not be written; the embedding is then what it was.
    """
    refuse_while_trained(name)
    present = library.load(name)
    if present.step == other.step and have_same_vectors(present, other):
        return ""
    plain = present.name.removesuffix(library.path_of(name).suffix)[
        : MAX_LENGTH - _ROOM_FOR_NUMBERS
    ]
    kept = free_name(f"{plain}-{present.step}", lambda one: library.find(one) is not None)
    library.duplicate(name, kept)
    words = present.initialization_text
    new = dataclasses.replace(other, name=present.name, initialization_text=words)
    library.save(new, overwrite=True)
    return kept


def have_same_vectors(one: Embedding, other: Embedding) -> bool:
    """Whether two embeddings are the same to the bit, whatever they are called."""
    return len(one.vectors) == len(other.vectors) and all(
        ours.equal(theirs) for ours, theirs in zip(one.vectors, other.vectors, strict=True)
    )
