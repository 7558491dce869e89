"""Endless batches: which pictures, under which prompts, with which noise, at every step.

B batch, C H W latent. All draws are addressed by seed and step, so a batch can be made at any
position without making the ones before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from textual_inversion.data.latents import LatentCache
from textual_inversion.prompts import fill, vary_tags
from textual_inversion.randomness import draw, generator
from textual_inversion.settings import TrainSettings


@dataclass(frozen=True)
class Batch:
    """One pass: latents and noise (B, C, H, W), timesteps (B,), a prompt each."""

    latents: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    prompts: tuple[str, ...]


@dataclass(frozen=True)
class StepBatch:
    """What one optimizer step learns from."""

    micros: tuple[Batch, ...]

    @property
    def caption(self) -> str:
        """Give the first prompt, to be shown."""
        return self.micros[0].prompts[0]


class Batches:
    """Draws the batches of a run; `num_timesteps` is the length of the noise schedule."""

    def __init__(
        self,
        settings: TrainSettings,
        *,
        name: str,
        lines: tuple[str, ...],
        captions: tuple[str, ...],
        latents: LatentCache,
        num_timesteps: int,
    ) -> None:
        self.settings = settings
        self.name = name
        self.lines = lines
        self.captions = captions
        self.latents = latents
        self.num_timesteps = num_timesteps

    def start_at(self, updates: int) -> Iterator[StepBatch]:
        """Yield the batches that follow `updates` finished steps, for ever."""
        passes = self.settings.gradient_accumulation_steps
        while True:
            first = updates * passes
            yield StepBatch(tuple(self.batch(first + place) for place in range(passes)))
            updates += 1

    def batch(self, place: int) -> Batch:
        """Make micro-batch number `place` of the run."""
        size, seed = self.settings.batch_size, self.settings.seed
        positions = range(place * size, (place + 1) * size)
        items = [self._item(position) for position in positions]
        latents = torch.stack(
            [self._latent(item, at) for item, at in zip(items, positions, strict=True)]
        )
        random = generator(seed, "noise", place)
        noise = torch.randn(latents.shape, generator=random)
        timesteps = torch.randint(self.num_timesteps, (size,), generator=random)
        prompts = tuple(self._prompt(item, at) for item, at in zip(items, positions, strict=True))
        return Batch(latents, noise, timesteps, prompts)

    def _item(self, position: int) -> int:
        """Take pictures from one shuffled round after another; no remainder is dropped."""
        count = len(self.captions)
        order = list(range(count))
        draw(self.settings.seed, "order", position // count).shuffle(order)
        return order[position % count]

    def _latent(self, item: int, position: int) -> torch.Tensor:
        flipped = draw(self.settings.seed, "flip", position).random() < self.settings.flip
        return self.latents.sample(item, flipped=flipped, position=position)

    def _prompt(self, item: int, position: int) -> str:
        random = draw(self.settings.seed, "prompt", position)
        words = vary_tags(
            self.captions[item],
            shuffle=self.settings.shuffle_tags,
            dropout=self.settings.tag_dropout,
            draw=random,
        )
        return fill(random.choice(self.lines), name=self.name, words=words)
