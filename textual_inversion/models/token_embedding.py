"""A frozen token-embedding table with learned rows inserted.

B batch, T 77 tokens, D width, N learned rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class SplicedEmbedding(nn.Module):
    """Looks ids up in the table; id -1 - r stands for learned row r.

    Negative ids cannot collide with the vocabulary, leave the table and the tokenizer unchanged,
    and are never taken for the end of the text, which some CLIP models find as the greatest id.
    """

    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        self.table = table
        self._rows: torch.Tensor | None = None

    @property
    def weight(self) -> torch.Tensor:
        """The frozen table (V, D)."""
        return self.table.weight

    @contextmanager
    def rows(self, rows: torch.Tensor | None) -> Iterator[None]:
        """Use `rows` (N, D) for ids below zero within the block; gradients flow into them."""
        self._rows = rows
        try:
            yield
        finally:
            self._rows = None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Map ids (B, T) to embeddings (B, T, D)."""
        words = self.table(ids.clamp(min=0))  # (B, T, D)
        if self._rows is None:
            return words
        learned = self._rows.to(words.dtype)[(-1 - ids).clamp(min=0)]  # (B, T, D)
        return torch.where((ids < 0).unsqueeze(-1), learned, words)
