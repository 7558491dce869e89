"""Where an embedding's vectors start: the rows of words, spread over the vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch

from textual_inversion.embeddings.norms import mean_norm
from textual_inversion.models.text_encoders import TextEncoder
from textual_inversion.randomness import generator
from textual_inversion.settings.base import PROMPT_TOKENS

_SAYS_NOTHING = {"a", "an", "the", ","}

How = Literal["words", "encoded-words", "random", "zeros"]


@dataclass(frozen=True)
class Start:
    """The words that an initialization text becomes, and how many vectors each one starts.

    `skipped` holds the articles and commas before them, which start none.
    """

    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    skipped: tuple[str, ...] = ()


def spread(num_rows: int, num_vectors: int) -> list[int]:
    """Tell which row each vector starts from: floor(i k / n), AUTOMATIC1111's rule.

    All k rows are counted, also for SD 1.x, where the original cuts the text after n tokens.
    """
    return [i * num_rows // num_vectors for i in range(num_vectors)]


def start_vectors(
    encoders: Sequence[TextEncoder], text: str, num_vectors: int, *, how: How = "words"
) -> tuple[torch.Tensor, ...]:
    """Make one fp32 tensor (n, width) for each text encoder; without words there are only zeros.

    "encoded-words" is Cross Initialization (arXiv:2312.15905): a word starts from what the encoder
    gives for it, not from what it takes.
    """
    return tuple(_start(encoder, text.strip(), num_vectors, how) for encoder in encoders)


def describe(tokenizer: Any, text: str, num_vectors: int) -> Start:
    """Tell the tokens of a text and how many vectors start from each."""
    ids = tokenizer(text.strip(), add_special_tokens=False, verbose=False).input_ids
    words = _words(tokenizer, ids)
    leading = num_leading(tokenizer, ids)
    rows = spread(len(ids) - leading, num_vectors) if ids else []
    return Start(
        words[leading:],
        tuple(rows.count(place) for place in range(len(ids) - leading)),
        words[:leading],
    )


def num_leading(tokenizer: Any, ids: Sequence[int]) -> int:
    """Count the articles and commas that a text begins with; one of nothing else begins with none.

    They say nothing of the subject, and the only vector of "a big red robot" would start from "a".
    """
    places = (at for at, word in enumerate(_words(tokenizer, ids)) if word not in _SAYS_NOTHING)
    return next(places, 0)


def _words(tokenizer: Any, ids: Sequence[int]) -> tuple[str, ...]:
    names = tokenizer.convert_ids_to_tokens(list(ids))
    return tuple(str(name).removesuffix("</w>") for name in names)


def _start(encoder: TextEncoder, text: str, num_vectors: int, how: How) -> torch.Tensor:
    if how == "random":
        return _random(encoder, num_vectors)
    ids = encoder.token_ids(text)
    if how == "zeros" or not ids:
        return torch.zeros(num_vectors, encoder.width)
    ids = ids[:PROMPT_TOKENS]
    rows = encoder.token_rows(ids) if how == "words" else _encoded(encoder, ids)
    rows = rows[num_leading(encoder.tokenizer, ids) :]
    return rows[spread(len(rows), num_vectors)]


def _random(encoder: TextEncoder, num_vectors: int) -> torch.Tensor:
    """Draw directions at random, as long as the vocabulary's words are on average."""
    seeded = generator("random start", num_vectors, encoder.width)
    rows = torch.randn(num_vectors, encoder.width, generator=seeded)
    return rows / rows.norm(dim=-1, keepdim=True) * mean_norm(encoder.embedding.weight)


@torch.no_grad()
def _encoded(encoder: TextEncoder, ids: Sequence[int]) -> torch.Tensor:
    hidden, _ = encoder.encode([list(ids)], None)  # (1, 77, D), the begin mark first
    return hidden[0, 1 : len(ids) + 1].float().cpu()
