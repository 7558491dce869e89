"""Text conditioning of a drawing, step by step, and the guidance that it gives.

B pictures, S subprompts (what `AND` joins), C H W latent.
"""

from __future__ import annotations

from typing import Any

import torch

from textual_inversion.generation.params import SamplingParams
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import Conditioning, LearnedTokens, Prompt
from textual_inversion.prompts.emphasis import Fragment
from textual_inversion.prompts.language import parse_negative_prompt, parse_prompt


class Guidance:
    """Predicts with classifier-free guidance: eq. 6 of arXiv:2207.12598.

    Several subprompts pull together, each by its weight: eq. 11 of arXiv:2206.01714. Prompts that
    change from step to step are encoded when a text is new.
    """

    def __init__(self, model: BaseModel, words: LearnedTokens, params: SamplingParams) -> None:
        self.model = model
        self.words = words
        self.params = params
        how = params.emphasis
        self._subprompts = parse_prompt(params.prompt, words, emphasis=how)
        self._negative = parse_negative_prompt(params.negative_prompt, words, emphasis=how)
        self._weights = [subprompt.weight for subprompt in self._subprompts]
        # At scale 1 a single prompt is followed as it is.
        self._is_guided = params.cfg_scale > 1 or self._weights != [1.0]
        self._encoded: dict[tuple[Prompt, ...], Conditioning] = {}

    def predict(self, latents: torch.Tensor, timestep: Any, call: int) -> torch.Tensor:
        """Predict for the sampler's call (from 0) on latents (B, C, H, W)."""
        conditioning = self._conditioning(call)
        if not self._is_guided:
            return self.model.predict(latents, timestep, conditioning)
        repeated = torch.cat([latents] * (1 + len(self._weights)))  # ((1 + S) * B, C, H, W)
        parts = self.model.predict(repeated, timestep, conditioning)
        without, *with_prompts = parts.chunk(1 + len(self._weights))
        pull = torch.zeros_like(without)
        for weight, with_prompt in zip(self._weights, with_prompts, strict=True):
            pull = pull + weight * (with_prompt - without)
        guided = without + self.params.cfg_scale * pull
        if self.params.cfg_rescale == 0:
            return guided
        return _rescaled(guided, without + pull, self.params.cfg_rescale)

    def _conditioning(self, call: int) -> Conditioning:
        """Encode the negative prompt (first) and the subprompts, all as long as the longest."""
        texts = [subprompt.at(call, self.params.steps) for subprompt in self._subprompts]
        if self._is_guided:
            texts = [self._negative.at(call, self.params.steps), *texts]
        key = tuple(texts)
        if key not in self._encoded:
            rows = torch.arange(len(texts)).repeat_interleave(len(self.params.seeds))
            self._encoded[key] = self._encode(texts)[rows]
        return self._encoded[key]

    def _encode(self, texts: list[tuple[Fragment, ...]]) -> Conditioning:
        encoded = self.model.text.encode(
            texts,
            self.words,
            keep_mean=self.params.emphasis == "original",
            clip_skip=self.params.clip_skip,
        )
        is_zero = self._is_guided and not texts[0] and self.model.info.family.has_zero_negative
        return encoded.with_zeros(0) if is_zero else encoded


def _rescaled(guided: torch.Tensor, followed: torch.Tensor, share: float) -> torch.Tensor:
    """Rescale guided predictions (B, C, H, W) towards the deviation of unguided ones.

    Eq. 15 and 16 of arXiv:2305.08891; against pictures that are too bright at high scales.
    """
    dims = (1, 2, 3)
    factor = followed.std(dims, keepdim=True) / guided.std(dims, keepdim=True)
    return guided * (share * factor + 1 - share)
