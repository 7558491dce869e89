"""From prompts to text conditioning, with learned vectors inserted.

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

CHUNK_TOKENS = 75
"""Tokens of a prompt that fit one pass of CLIP, without the begin and end tokens."""

LearnedTokens = Mapping[str, tuple[torch.Tensor, ...]]
"""Learned vectors by name: one (n, width) tensor for each text encoder."""


@dataclass(frozen=True)
class Conditioning:
    """Text conditioning: hidden states (B, C*77, D) and, in some families, pooled (B, P)."""

    hidden: torch.Tensor
    pooled: torch.Tensor | None = None

    def __getitem__(self, rows: torch.Tensor) -> Conditioning:
        """Select prompts by a tensor of indices, as tensors do."""
        return Conditioning(self.hidden[rows], None if self.pooled is None else self.pooled[rows])

    def detach(self) -> Conditioning:
        """Detach both tensors from the graph."""
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
        """The width of the token embeddings, for example 768."""
        return self.embedding.weight.shape[1]

    def token_ids(self, text: str) -> list[int]:
        """Tokenize plain text, without begin and end tokens."""
        return self.tokenizer(text, add_special_tokens=False, verbose=False).input_ids

    def token_rows(self, ids: Sequence[int]) -> torch.Tensor:
        """Return the token embeddings of ids: (k, width), fp32, on the CPU."""
        return self.embedding.weight[torch.tensor(list(ids), dtype=torch.long)].float().cpu()

    def chunks(self, prompt: str, first_rows: Mapping[str, tuple[int, int]]) -> list[list[int]]:
        """Split a prompt into chunks of at most 75 ids; an embedding is never split.

        `first_rows` maps each learned name to its first row and its number of vectors. A learned
        vector in row r has the id -1 - r.
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
        ids = torch.tensor(
            [self._with_special_tokens(chunk) for chunk in chunks], device=self.model.device
        )
        with self.embedding.rows(rows):
            return self.family.encode(self.model, ids)

    def _with_special_tokens(self, chunk: Sequence[int]) -> list[int]:
        tokens = self.tokenizer
        ids = [tokens.bos_token_id, *chunk, tokens.eos_token_id]
        return ids + [tokens.pad_token_id] * (CHUNK_TOKENS + 2 - len(ids))


def _append(chunks: list[list[int]], ids: list[int]) -> None:
    if len(chunks[-1]) + len(ids) > CHUNK_TOKENS:
        chunks.append([])
    chunks[-1] += ids


class TextStack:
    """The text encoders of a base model, whose hidden states are concatenated."""

    def __init__(self, encoders: Sequence[TextEncoder]) -> None:
        self.encoders = tuple(encoders)

    def encode(
        self, prompts: Sequence[str], words: LearnedTokens, *, min_chunks: int = 1
    ) -> Conditioning:
        """Encode prompts in one batch; equal prompts are encoded once."""
        distinct = list(dict.fromkeys(prompts))
        indices = torch.tensor([distinct.index(prompt) for prompt in prompts])
        encoded = self._encode_distinct(distinct, words, min_chunks)
        return encoded if len(distinct) == len(prompts) else encoded[indices]

    def num_tokens(self, prompt: str, words: LearnedTokens) -> int:
        """Count the tokens of a prompt, each learned vector as one."""
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
        num_chunks = max(
            min_chunks, *(len(chunks) for prompt_chunks in chunked for chunks in prompt_chunks)
        )
        hidden: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        for index, (encoder, prompt_chunks) in enumerate(zip(self.encoders, chunked, strict=True)):
            padded = [
                chunk
                for chunks in prompt_chunks
                for chunk in chunks + [[]] * (num_chunks - len(chunks))
            ]
            rows = torch.cat([words[name][index] for name in first_rows]) if words else None
            if rows is not None:
                rows = rows.to(encoder.model.device)
            states, projected = encoder.encode(padded, rows)
            hidden.append(
                states.unflatten(0, (len(prompts), num_chunks)).flatten(1, 2)
            )  # (B, C*77, D)
            if projected is not None:
                pooled = projected[::num_chunks]
        return Conditioning(torch.cat(hidden, dim=-1), pooled)


def _first_rows(words: LearnedTokens) -> dict[str, tuple[int, int]]:
    """Assign rows to the learned vectors: name -> (first row, number of vectors)."""
    numbered: dict[str, tuple[int, int]] = {}
    total = 0
    for name, tensors in words.items():
        count = tensors[0].shape[0]
        numbered[name] = (total, count)
        total += count
    return numbered
