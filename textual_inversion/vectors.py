"""Where an embedding's vectors start: the rows of words, spread over the vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from textual_inversion.models.text import TextEncoder


@dataclass(frozen=True)
class Start:
    """The words that an initialization text becomes, and how many vectors each one starts."""

    tokens: tuple[str, ...]
    counts: tuple[int, ...]


def spread(num_rows: int, num_vectors: int) -> list[int]:
    """Tell which row each vector starts from: floor(i k / n), AUTOMATIC1111's rule.

    All k rows are counted, also for SD 1.x, where the original cuts the text after n tokens.
    """
    return [i * num_rows // num_vectors for i in range(num_vectors)]


def start_vectors(
    encoders: Sequence[TextEncoder], text: str, num_vectors: int
) -> tuple[torch.Tensor, ...]:
    """Make one fp32 tensor (n, width) for each text encoder; an empty text gives zeros."""
    return tuple(_start(encoder, text, num_vectors) for encoder in encoders)


def describe(tokenizer: Any, text: str, num_vectors: int) -> Start:
    """Tell the tokens of a text and how many vectors start from each."""
    ids = tokenizer(text.strip(), add_special_tokens=False, verbose=False).input_ids
    rows = spread(len(ids), num_vectors) if ids else []
    names = tokenizer.convert_ids_to_tokens(ids)
    return Start(
        tuple(str(name).removesuffix("</w>") for name in names),
        tuple(rows.count(place) for place in range(len(ids))),
    )


def _start(encoder: TextEncoder, text: str, num_vectors: int) -> torch.Tensor:
    ids = encoder.token_ids(text.strip())
    if not ids:
        return torch.zeros(num_vectors, encoder.width)
    return encoder.token_rows([ids[row] for row in spread(len(ids), num_vectors)])
