"""From prompts to text conditioning, with learned vectors inserted.

B batch, C chunks of 77 tokens, D width of the UNet's context.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch

from textual_inversion.models.families.base import ModelFamily
from textual_inversion.models.token_embedding import SplicedEmbedding
from textual_inversion.models.tokenizers import tokenize
from textual_inversion.prompts.chunks import Chunk, cut_into_chunks
from textual_inversion.prompts.emphasis import Fragment
from textual_inversion.prompts.language import plain_fragments
from textual_inversion.settings.base import PROMPT_TOKENS

LearnedTokens = Mapping[str, tuple[torch.Tensor, ...]]
"""Learned vectors by name: one (n, width) tensor for each text encoder."""

Prompt = str | tuple[Fragment, ...]
"""A text to encode: as it stands, or in parts of different weight."""


@dataclass(frozen=True)
class PromptGroup:
    """Prompts and the learned words that they know."""

    prompts: Sequence[Prompt]
    words: LearnedTokens


@dataclass(frozen=True)
class Conditioning:
    """Text conditioning: hidden states (B, C*77, D) and, in some families, pooled (B, P)."""

    hidden: torch.Tensor
    pooled: torch.Tensor | None = None

    def __getitem__(self, rows: torch.Tensor) -> Conditioning:
        """Select prompts by a tensor of indices, as tensors do."""
        return Conditioning(self.hidden[rows], None if self.pooled is None else self.pooled[rows])

    def with_zeros(self, row: int) -> Conditioning:
        """Put zeros in place of one prompt."""
        index = torch.tensor([row], device=self.hidden.device)
        pooled = None if self.pooled is None else self.pooled.index_fill(0, index, 0)
        return Conditioning(self.hidden.index_fill(0, index, 0), pooled)

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

    def chunks(self, prompt: Prompt, first_rows: Mapping[str, tuple[int, int]]) -> list[Chunk]:
        """Split a prompt into chunks of at most 75 ids; an embedding is never split.

        `first_rows` maps each learned name to its first row and its number of vectors. A learned
        vector in row r has the id -1 - r.
        """
        if isinstance(prompt, str):
            prompt = plain_fragments(prompt, first_rows)
        rows = {name: range(first, first + count) for name, (first, count) in first_rows.items()}
        return cut_into_chunks(tokenize(self.tokenizer, prompt, rows))

    def encode(
        self,
        chunks: Sequence[Chunk],
        rows: torch.Tensor | None,
        *,
        keep_mean: bool = True,
        clip_skip: int = 1,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Run the text model over chunks: hidden states (len, 77, width) and pooled (len, P).

        The weights multiply the hidden states; `keep_mean` then brings each chunk back to the mean
        that it had, as A1111's "original" emphasis does.
        """
        framed = [self._with_special_tokens(chunk.ids) for chunk in chunks]
        ids = torch.tensor(framed, device=self.model.device)  # (len, 77)
        with self.embedding.rows(rows):
            hidden, pooled = self.family.encode(self.model, ids, clip_skip)
        if any(weight != 1 for chunk in chunks for weight in chunk.weights):
            hidden = _weigh(hidden, [chunk.weights for chunk in chunks], keep_mean=keep_mean)
        return hidden, pooled

    def _with_special_tokens(self, chunk: Sequence[int]) -> list[int]:
        tokens = self.tokenizer
        framed = [tokens.bos_token_id, *chunk, tokens.eos_token_id]
        return framed + [tokens.pad_token_id] * (PROMPT_TOKENS + 2 - len(framed))


def _weigh(hidden: torch.Tensor, weights: list[list[float]], *, keep_mean: bool) -> torch.Tensor:
    """Multiply hidden states (len, 77, width) by their tokens' weights."""
    factors = torch.ones(hidden.shape[:2], device=hidden.device, dtype=hidden.dtype)
    for row, part in zip(factors, weights, strict=True):
        row[1 : 1 + len(part)] = torch.tensor(part, dtype=hidden.dtype)
    weighed = hidden * factors.unsqueeze(-1)
    if not keep_mean:
        return weighed
    mean = (1, 2)
    return weighed * (hidden.mean(mean, keepdim=True) / weighed.mean(mean, keepdim=True))


class TextStack:
    """The text encoders of a base model, whose hidden states are concatenated."""

    def __init__(self, encoders: Sequence[TextEncoder]) -> None:
        self.encoders = tuple(encoders)

    def with_tokenizers(self, tokenizers: Sequence[Any]) -> TextStack:
        """Return the same text models behind other tokenizers, one for each."""
        encoders = [copy(encoder) for encoder in self.encoders]
        for encoder, tokenizer in zip(encoders, tokenizers, strict=True):
            encoder.tokenizer = tokenizer
        return TextStack(encoders)

    def encode(
        self,
        prompts: Sequence[Prompt],
        words: LearnedTokens,
        *,
        min_chunks: int = 1,
        keep_mean: bool = True,
        clip_skip: int = 1,
    ) -> Conditioning:
        """Encode prompts in one batch; equal prompts are encoded once.

        `keep_mean` and `clip_skip` are those of `TextEncoder.encode`.
        """
        return self.encode_together(
            [PromptGroup(prompts, words)],
            min_chunks=min_chunks,
            keep_mean=keep_mean,
            clip_skip=clip_skip,
        )

    def encode_together(
        self,
        groups: Sequence[PromptGroup],
        *,
        min_chunks: int = 1,
        keep_mean: bool = True,
        clip_skip: int = 1,
    ) -> Conditioning:
        """Encode prompts with different words in one batch, each as `encode` would with its own.

        The result has the prompts of the first first; all take as many chunks as the longest.
        """
        distinct = [list(dict.fromkeys(each.prompts)) for each in groups]
        encoded = self._encode_distinct(
            [PromptGroup(own, each.words) for own, each in zip(distinct, groups, strict=True)],
            min_chunks,
            keep_mean=keep_mean,
            clip_skip=clip_skip,
        )
        indices: list[int] = []
        first = 0
        for own, each in zip(distinct, groups, strict=True):
            indices += [first + own.index(prompt) for prompt in each.prompts]
            first += len(own)
        return encoded if first == len(indices) else encoded[torch.tensor(indices)]

    def num_chunks(self, prompt: Prompt, words: LearnedTokens) -> int:
        """Count the chunks of 75 tokens that a prompt takes."""
        return max(len(e.chunks(prompt, _first_rows(words))) for e in self.encoders)

    def _encode_distinct(
        self, groups: Sequence[PromptGroup], min_chunks: int, *, keep_mean: bool, clip_skip: int
    ) -> Conditioning:
        numbered = _number_rows(groups)
        chunked = [
            [
                encoder.chunks(prompt, first_rows)
                for each, first_rows in zip(groups, numbered, strict=True)
                for prompt in each.prompts
            ]
            for encoder in self.encoders
        ]
        num_chunks = max(
            min_chunks, *(len(chunks) for prompt_chunks in chunked for chunks in prompt_chunks)
        )
        hidden: list[torch.Tensor] = []
        pooled: torch.Tensor | None = None
        for index, (encoder, part) in enumerate(zip(self.encoders, chunked, strict=True)):
            flat = [chunk for own in part for chunk in own + [Chunk()] * (num_chunks - len(own))]
            vectors = [tensors[index] for each in groups for tensors in each.words.values()]
            rows = torch.cat(vectors).to(encoder.model.device) if vectors else None
            states, projected = encoder.encode(flat, rows, keep_mean=keep_mean, clip_skip=clip_skip)
            hidden.append(
                states.unflatten(0, (len(part), num_chunks)).flatten(1, 2)
            )  # (B, C*77, D)
            if projected is not None:
                pooled = projected[::num_chunks]
        return Conditioning(torch.cat(hidden, dim=-1), pooled)


def _number_rows(groups: Sequence[PromptGroup]) -> list[dict[str, tuple[int, int]]]:
    """Assign rows to the learned vectors of all, one after another."""
    numbered: list[dict[str, tuple[int, int]]] = []
    total = 0
    for each in groups:
        numbered.append(_first_rows(each.words, total))
        total += sum(tensors[0].shape[0] for tensors in each.words.values())
    return numbered


def _first_rows(words: LearnedTokens, total: int = 0) -> dict[str, tuple[int, int]]:
    """Assign rows from `total` on to the learned vectors: name -> (first row, number)."""
    numbered: dict[str, tuple[int, int]] = {}
    for name, tensors in words.items():
        count = tensors[0].shape[0]
        numbered[name] = (total, count)
        total += count
    return numbered
