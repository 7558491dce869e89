"""Text conditioning of a drawing, step by step, and the guidance that it gives.

B pictures, S subprompts (what `AND` joins), C H W latent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import Conditioning, LearnedTokens, Prompt
from textual_inversion.prompts.language import parse_negative_prompt, parse_prompt
from textual_inversion.settings import Emphasis


@dataclass
class Guidance:
    """Predicts with classifier-free guidance: eq. 6 of arXiv:2207.12598.

    Several subprompts pull together, each by its weight: eq. 11 of arXiv:2206.01714. Prompts that
    change from step to step are encoded when a text is new.
    """

    model: BaseModel
    words: LearnedTokens
    prompt: str
    negative_prompt: str
    scale: float
    emphasis: Emphasis
    num_steps: int
    num_pictures: int
    _encoded: dict[tuple[Prompt, ...], Conditioning] = field(
        default_factory=dict[tuple[Prompt, ...], Conditioning]
    )

    def __post_init__(self) -> None:
        """Parse the prompts."""
        self._subprompts = parse_prompt(self.prompt, self.words, emphasis=self.emphasis)
        self._negative = parse_negative_prompt(
            self.negative_prompt, self.words, emphasis=self.emphasis
        )
        self._weights = [subprompt.weight for subprompt in self._subprompts]
        # At scale 1 a single prompt is followed as it is.
        self._is_guided = self.scale > 1 or self._weights != [1.0]

    def predict(self, latents: torch.Tensor, timestep: Any, call: int) -> torch.Tensor:
        """Predict for the sampler's call (from 0) on latents (B, C, H, W)."""
        conditioning = self._conditioning(call)
        if not self._is_guided:
            return self.model.predict(latents, timestep, conditioning)
        repeated = torch.cat([latents] * (1 + len(self._weights)))  # ((1 + S) * B, C, H, W)
        parts = self.model.predict(repeated, timestep, conditioning)
        without, *with_prompts = parts.chunk(1 + len(self._weights))
        pulls = (
            self.scale * weight * (with_prompt - without)
            for weight, with_prompt in zip(self._weights, with_prompts, strict=True)
        )
        return sum(pulls, start=without)

    def _conditioning(self, call: int) -> Conditioning:
        """Encode the negative prompt (first) and the subprompts, all as long as the longest."""
        texts = [subprompt.at(call, self.num_steps) for subprompt in self._subprompts]
        if self._is_guided:
            texts = [self._negative.at(call, self.num_steps), *texts]
        key = tuple(texts)
        if key not in self._encoded:
            keep_mean = self.emphasis == "original"
            encoded = self.model.text.encode(texts, self.words, keep_mean=keep_mean)
            rows = torch.arange(len(texts)).repeat_interleave(self.num_pictures)
            self._encoded[key] = encoded[rows]
        return self._encoded[key]
