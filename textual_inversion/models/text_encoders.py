"""From prompts to the text encoders' output, with learned words put in.

B batch, C chunks of 77 tokens, D width of the UNet's context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from textual_inversion.models.families.base import ModelFamily
from textual_inversion.models.token_embedding import SplicedEmbedding
from textual_inversion.prompts.placeholders import split_names
from textual_inversion.settings.base import PROMPT_TOKENS

LearnedTokens = Mapping[str, tuple[torch.Tensor, ...]]
"""Learned words: name -> one (n, width) tensor for each text encoder."""


@dataclass(frozen=True)
class Conditioning:
    """Text conditioning: hidden states (B, C*77, D) and, in some families, pooled (B, P)."""

    hidden: torch.Tensor
    pooled: torch.Tensor | None = None

    def __getitem__(self, rows: torch.Tensor) -> Conditioning:
        """Select prompts by a tensor of indices."""
        return Conditioning(self.hidden[rows], None if self.pooled is None else self.pooled[rows])

    def detach(self) -> Conditioning:
        """Cut the gradient."""
        return Conditioning(
            self.hidden.detach(), None if self.pooled is None else self.pooled.detach()
        )


class TextEncoder:
    """One tokenizer and one frozen CLIP text model."""

    def __init__(self, tokenizer: Any, model: Any, family: ModelFamily) -> None:
        self.tokenizer = tokenizer
        self.model = model
        self.family = family
        self.embedding = SplicedEmbedding(model.get_input_embeddings())
        model.set_input_embeddings(self.embedding)

    @property
    def width(self) -> int:
        """Give the width of a token's vector."""
        return self.embedding.weight.shape[1]

    def token_ids(self, text: str) -> list[int]:
        """Tokenize plain text, without begin and end marks."""
        return self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids

    def token_rows(self, ids: Sequence[int]) -> torch.Tensor:
        """Look ids up in the vocabulary: (k, width), fp32, on the CPU."""
        return self.embedding.weight[torch.tensor(list(ids), dtype=torch.long)].float().cpu()

    def chunks(self, prompt: str, first_rows: Mapping[str, tuple[int, int]]) -> list[list[int]]:
        """Cut a prompt into chunks of at most 75 ids; an embedding is never cut in two.

        `first_rows` tells for each learned name its first row and its number of vectors.
        """
        chunks: list[list[int]] = [[]]
        for piece in split_names(prompt, list(first_rows)):
            if piece.name is None:
                for token in self.token_ids(piece.text):
                    _append(chunks, [token])
            else:
                first, count = first_rows[piece.name]
                _append(chunks, [-1 - row for row in range(first, first + count)])
        return chunks

    def encode(
        self, chunks: Sequence[Sequence[int]], rows: torch.Tensor | None
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Run the text model over chunks: hidden states (len, 77, width) and pooled (len, P)."""
        ids = torch.tensor([self._framed(chunk) for chunk in chunks], device=self.model.device)
        with self.embedding.rows(rows):
            return self.family.encode(self.model, ids)

    def _framed(self, chunk: Sequence[int]) -> list[int]:
        tokens = self.tokenizer
        framed = [tokens.bos_token_id, *chunk, tokens.eos_token_id]
        return framed + [tokens.pad_token_id] * (PROMPT_TOKENS + 2 - len(framed))


def _append(chunks: list[list[int]], ids: list[int]) -> None:
    if len(chunks[-1]) + len(ids) > PROMPT_TOKENS:
        chunks.append([])
    chunks[-1] += ids


class TextStack:
    """All text encoders of a base model, side by side."""

    def __init__(self, encoders: Sequence[TextEncoder]) -> None:
        self.encoders = tuple(encoders)

    def encode(
        self, prompts: Sequence[str], words: LearnedTokens, *, min_chunks: int = 1
    ) -> Conditioning:
        """Encode prompts together; each different prompt runs through the encoders once."""
        distinct = list(dict.fromkeys(prompts))
        places = torch.tensor([distinct.index(prompt) for prompt in prompts])
        encoded = self._encode_distinct(distinct, words, min_chunks)
        return encoded if len(distinct) == len(prompts) else encoded[places]

    def num_tokens(self, prompt: str, words: LearnedTokens) -> int:
        """Count the tokens of a prompt, learned vectors included."""
        encoder = self.encoders[0]
        return sum(len(chunk) for chunk in encoder.chunks(prompt, _first_rows(words)))

    def num_chunks(self, prompt: str, words: LearnedTokens) -> int:
        """Count the chunks of 75 tokens that a prompt takes."""
        return max(len(e.chunks(prompt, _first_rows(words))) for e in self.encoders)

    def _encode_distinct(
        self, prompts: Sequence[str], words: LearnedTokens, min_chunks: int
    ) -> Conditioning:
        first_rows = _first_rows(words)
        chunked = [[e.chunks(prompt, first_rows) for prompt in prompts] for e in self.encoders]
        most = max(min_chunks, *(len(chunks) for part in chunked for chunks in part))
        hidden: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        for place, (encoder, part) in enumerate(zip(self.encoders, chunked, strict=True)):
            flat = [chunk for chunks in part for chunk in chunks + [[]] * (most - len(chunks))]
            rows = torch.cat([words[name][place] for name in first_rows]) if words else None
            if rows is not None:
                rows = rows.to(encoder.model.device)
            states, projected = encoder.encode(flat, rows)
            hidden.append(states.unflatten(0, (len(prompts), most)).flatten(1, 2))  # (B, C*77, D)
            if projected is not None:
                pooled = projected[::most]
        return Conditioning(torch.cat(hidden, dim=-1), pooled)


def _first_rows(words: LearnedTokens) -> dict[str, tuple[int, int]]:
    """Number the learned rows: name -> (first row, number of vectors)."""
    numbered: dict[str, tuple[int, int]] = {}
    total = 0
    for name, tensors in words.items():
        count = tensors[0].shape[0]
        numbered[name] = (total, count)
        total += count
    return numbered
