"""What the vectors look like among the words of the vocabulary.

N vectors, V words, D width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from textual_inversion.embeddings.norms import mean_norm
from textual_inversion.events import Event, Measured
from textual_inversion.models.text_encoders import TextEncoder
from textual_inversion.training.context import RunContext, is_interval_or_end
from textual_inversion.training.trainer import Ending


@dataclass(frozen=True)
class VectorStats:
    """Measures the vectors at the evaluations' interval, against where they started."""

    context: RunContext
    every: int

    def is_due(self, step: int, ending: Ending | None) -> bool:
        return is_interval_or_end(step, self.every, ending)

    def run(self, step: int) -> Iterator[Event]:
        learner = self.context.learner
        encoder = learner.model.text.encoders[0]
        yield measure(encoder, learner.vectors[0], self.context.origin[0], step=step)


@torch.no_grad()
def measure(
    encoder: TextEncoder, vectors: torch.Tensor, start: torch.Tensor, *, step: int
) -> Measured:
    """Measure vectors (N, D) beside those of the start."""
    word = mean_norm(encoder.embedding.weight)
    return Measured(
        step=step,
        norms=_rounded(vectors.norm(dim=-1)),
        vocabulary_norm=round(word, 4),
        nearest=nearest_words(encoder, vectors),
        cosines=_rounded(_cosines(vectors)),
        moved=_rounded((vectors - start).norm(dim=-1) / word),
    )


@torch.no_grad()
def nearest_words(encoder: TextEncoder, vectors: torch.Tensor) -> tuple[str, ...]:
    """Find for each vector the word of the vocabulary with the most similar direction."""
    table = F.normalize(encoder.embedding.weight.float(), dim=-1)  # (V, D)
    likeness = F.normalize(vectors.to(table), dim=-1) @ table.T  # (N, V)
    names = encoder.tokenizer.convert_ids_to_tokens(likeness.argmax(dim=-1).tolist())
    return tuple(str(name).removesuffix("</w>") for name in names)


def _cosines(vectors: torch.Tensor) -> torch.Tensor:
    """Average each vector's cosine with the others (N,); 1 for a single one."""
    count = len(vectors)
    if count == 1:
        return torch.ones(1)
    directions = F.normalize(vectors, dim=-1)
    cosines = directions @ directions.T  # (N, N)
    return (cosines.sum(-1) - cosines.diagonal()) / (count - 1)


def _rounded(values: torch.Tensor) -> tuple[float, ...]:
    return tuple(round(float(value), 4) for value in values)
