"""Which of several files to keep: those that can be read, and of equal vectors the best file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import EmbeddingError


def distinct_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that hold embeddings; of those with the same vectors the one that says most.

    Raises:
        EmbeddingError: None of them can be read; it is the first one's complaint.
    """
    contents: dict[Path, list[Embedding]] = {}
    problems = []
    for path in paths:
        try:
            contents[path] = formats.read_all(path)
        except EmbeddingError as error:
            problems.append(error)
    if not contents:
        raise problems[0]
    best: dict[object, Path] = {}
    for path in sorted(contents, key=lambda path: _rank(path, contents[path])):
        best.setdefault(_vectors_of(contents[path]), path)
    return [path for path in paths if path in best.values()]


def _rank(path: Path, embeddings: Sequence[Embedding]) -> tuple[bool, bool, int]:
    """Files that say where they come from are first, then those of safer formats."""
    order = (*formats.SAFETENSORS, *formats.TORCH)
    suffix = path.suffix.lower()
    rank = order.index(suffix) if suffix in order else len(order)
    has_model, has_step = (
        any(one.base_model for one in embeddings),
        any(one.step for one in embeddings),
    )
    return not has_model, not has_step, rank


def _vectors_of(embeddings: Sequence[Embedding]) -> object:
    return tuple(
        (tuple(part.shape), part.numpy().tobytes()) for one in embeddings for part in one.vectors
    )
