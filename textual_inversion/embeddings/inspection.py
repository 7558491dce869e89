"""What is inside an embedding file: its labels, what each vector is like, and who loads it.

V words, n vectors, D width.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.compatibility import Verdict, judge
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.families import family_of
from textual_inversion.embeddings.formats.layout import read_layout
from textual_inversion.embeddings.formats.naming import file_in
from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo, describe_model
from textual_inversion.models.vocabulary import Vocabulary, read_vocabularies
from textual_inversion.settings.base import DEFAULT_MODEL

NUM_NEAREST = 5
_DEAD = 1e-6


@dataclass(frozen=True)
class VectorFacts:
    """One vector of one text encoder, numbered from 1."""

    encoder: int
    number: int
    norm: float
    share_of_words: float | None
    """Its norm, divided by the mean norm of the vocabulary's words."""
    nearest: tuple[tuple[str, float], ...]
    """The words of highest cosine."""
    problem: str
    """"dead", "repeats vector N", or empty."""


@dataclass(frozen=True)
class Inspection:
    """One embedding of a file."""

    name: str
    path: str
    family: str
    widths: tuple[int, ...]
    num_vectors: int
    step: int
    base_model: str | None
    base_model_hash: str | None
    initialization_text: str | None
    settings: str | None
    date: str | None
    compared_with: str | None
    """The base model whose words the vectors are compared with."""
    vectors: tuple[VectorFacts, ...]
    programs: tuple[Verdict, ...]


def inspect(path: Path, base_model: str | None = None) -> list[Inspection]:
    """Inspect each embedding of a file.

    Args:
        path: The file.
        base_model: The model whose words to compare with; without it the one that the file names,
            or the pocket model, where one is here and fits.

    Raises:
        EmbeddingError: The file holds none.
        ModelError: The base model that was named is not there or has other widths.
    """
    path = file_in(path)
    embeddings = formats.read_all(path)
    layout = read_layout(path)
    return [
        _inspect(one, path, judge(layout, one, is_first=one is embeddings[0]), base_model)
        for one in embeddings
    ]


def _inspect(
    embedding: Embedding, path: Path, programs: tuple[Verdict, ...], base_model: str | None
) -> Inspection:
    info = _named(base_model, embedding) if base_model else _at_hand(embedding)
    words = read_vocabularies(info) if info else [None] * len(embedding.vectors)
    return Inspection(
        name=embedding.name,
        path=str(path),
        family=family_of(embedding.widths),
        widths=embedding.widths,
        num_vectors=embedding.num_vectors,
        step=embedding.step,
        base_model=embedding.base_model,
        base_model_hash=embedding.base_model_hash,
        initialization_text=embedding.initialization_text,
        settings=embedding.settings,
        date=embedding.date,
        compared_with=info.name if info else None,
        vectors=tuple(
            facts
            for encoder, rows in enumerate(embedding.vectors, start=1)
            for facts in _facts(encoder, rows, words[encoder - 1])
        ),
        programs=programs,
    )


def _named(name: str, embedding: Embedding) -> ModelInfo:
    from textual_inversion.models.base import dimension_mismatch

    info = describe_model(name)
    if info.widths != embedding.widths:
        raise ModelError(dimension_mismatch(embedding.name, embedding.widths, info.widths))
    return info


def _at_hand(embedding: Embedding) -> ModelInfo | None:
    for name in filter(None, (embedding.base_model, DEFAULT_MODEL)):
        try:
            info = describe_model(name)
        except ModelError:
            continue
        if info.widths == embedding.widths:
            return info
    return None


def _facts(encoder: int, rows: torch.Tensor, words: Vocabulary | None) -> list[VectorFacts]:
    norms = rows.norm(dim=-1).tolist()  # (n,)
    usual = words.mean_norm if words else None
    nearest = words.nearest(rows, NUM_NEAREST) if words else [[]] * len(rows)
    return [
        VectorFacts(
            encoder,
            index + 1,
            norm,
            norm / usual if usual else None,
            () if norm < _DEAD else tuple(nearest[index]),
            _problem(index, rows),
        )
        for index, norm in enumerate(norms)
    ]


def _problem(index: int, rows: torch.Tensor) -> str:
    if rows[index].norm() < _DEAD:
        return "dead"
    first = int(torch.eq(rows, rows[index]).all(dim=-1).nonzero()[0])
    return f"repeats vector {first + 1}" if first < index else ""
