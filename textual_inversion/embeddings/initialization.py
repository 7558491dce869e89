"""Initialize an embedding's vectors from the token embeddings of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from textual_inversion.embeddings.norms import mean_norm
from textual_inversion.models.text_encoders import TextEncoder
from textual_inversion.prompts.chunks import Chunk
from textual_inversion.randomness import generator
from textual_inversion.settings.base import PROMPT_TOKENS

_STOP_WORDS = {"a", "an", "the", ","}

StartMethod = Literal["words", "encoded-words", "random", "zeros"]


@dataclass(frozen=True)
class Start:
    """The tokens of an initialization text, and how many vectors start from each.

    `skipped` are the leading articles and commas, from which no vector starts.
    """

    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    skipped: tuple[str, ...] = ()


def source_rows(num_rows: int, num_vectors: int) -> list[int]:
    """Return the row that each vector starts from: floor(i k / n), AUTOMATIC1111's rule.

    All k rows are used, also for SD 1.x, where AUTOMATIC1111 truncates the text to n tokens.
    """
    return [i * num_rows // num_vectors for i in range(num_vectors)]


def start_vectors(
    encoders: Sequence[TextEncoder], text: str, num_vectors: int, *, how: StartMethod = "words"
) -> tuple[torch.Tensor, ...]:
    """Return one fp32 tensor (n, width) for each text encoder; zeros without words.

    "encoded-words" is Cross Initialization (arXiv:2312.15905): vectors start from the text
    encoder's output for a word instead of its token embedding.
    """
    return tuple(_start(encoder, text.strip(), num_vectors, how) for encoder in encoders)


def describe_tokens(tokenizer: Any, text: str, num_vectors: int) -> Start:
    """Return the tokens of a text and how many vectors start from each."""
    ids = tokenizer(text.strip(), add_special_tokens=False, verbose=False).input_ids
    words = _words(tokenizer, ids)
    leading = count_leading_stop_words(tokenizer, ids)
    rows = source_rows(len(ids) - leading, num_vectors) if ids else []
    return Start(
        words[leading:],
        tuple(rows.count(row) for row in range(len(ids) - leading)),
        words[:leading],
    )


def count_leading_stop_words(tokenizer: Any, ids: Sequence[int]) -> int:
    """Count the articles and commas at the start of a text; 0 if it has nothing else.

    They say nothing of the subject, and the only vector of "a big red robot" would start from "a".
    """
    indices = (
        index for index, word in enumerate(_words(tokenizer, ids)) if word not in _STOP_WORDS
    )
    return next(indices, 0)


def _words(tokenizer: Any, ids: Sequence[int]) -> tuple[str, ...]:
    names = tokenizer.convert_ids_to_tokens(list(ids))
    return tuple(str(name).removesuffix("</w>") for name in names)


def _start(encoder: TextEncoder, text: str, num_vectors: int, how: StartMethod) -> torch.Tensor:
    if how == "random":
        return _random(encoder, num_vectors)
    ids = encoder.token_ids(text)
    if how == "zeros" or not ids:
        return torch.zeros(num_vectors, encoder.width)
    ids = ids[:PROMPT_TOKENS]
    rows = encoder.token_rows(ids) if how == "words" else _encoded(encoder, ids)
    rows = rows[count_leading_stop_words(encoder.tokenizer, ids) :]
    return rows[source_rows(len(rows), num_vectors)]


def _random(encoder: TextEncoder, num_vectors: int) -> torch.Tensor:
    """Return random directions (n, width) of the vocabulary's mean norm."""
    seeded = generator("random start", num_vectors, encoder.width)
    rows = torch.randn(num_vectors, encoder.width, generator=seeded)
    return rows / rows.norm(dim=-1, keepdim=True) * mean_norm(encoder.embedding.weight)


@torch.no_grad()
def _encoded(encoder: TextEncoder, ids: Sequence[int]) -> torch.Tensor:
    hidden, _ = encoder.encode(
        [Chunk(list(ids), [1.0] * len(ids))], None
    )  # (1, 77, D), the begin mark first
    return hidden[0, 1 : len(ids) + 1].float().cpu()
