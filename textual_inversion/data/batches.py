"""Endless batches: which pictures, under which prompts, with which noise, at every step.

B batch, C H W latent. All draws are addressed by seed and step, so a batch can be made at any
position without making the ones before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch

from textual_inversion.data.batch_sampler import BatchSampler
from textual_inversion.data.latent_cache import LatentCache, View
from textual_inversion.data.masks import crop_weights
from textual_inversion.prompts.caption import vary_tags
from textual_inversion.prompts.template import fill_template
from textual_inversion.randomness import generator, python_random
from textual_inversion.settings import TrainSettings

NUM_EVALUATED = 8


@dataclass(frozen=True)
class Batch:
    """A micro-batch: latents and noise (B, C, H, W), timesteps (B,), and a prompt each.

    `weights` (B, 1, H, W), of mean 1, weigh the loss; None weighs all latents alike.
    """

    latents: torch.Tensor
    noise: torch.Tensor
    timesteps: torch.Tensor
    prompts: tuple[str, ...]
    weights: torch.Tensor | None = None

    def split(self, size: int) -> list[Batch]:
        """Split the batch into parts of at most `size` pictures."""
        return [
            Batch(
                self.latents[first : first + size],
                self.noise[first : first + size],
                self.timesteps[first : first + size],
                self.prompts[first : first + size],
                None if self.weights is None else self.weights[first : first + size],
            )
            for first in range(0, len(self.prompts), size)
        ]


@dataclass(frozen=True)
class StepBatch:
    """The micro-batches of one optimizer step."""

    micro_batches: tuple[Batch, ...]

    @property
    def caption(self) -> str:
        """The first prompt, for display."""
        return self.micro_batches[0].prompts[0]

    def parts(self, size: int) -> Iterator[tuple[Batch, float]]:
        """Yield what is shown at once, `size` pictures or 0 for all, and its micro-batch's share.

        The loss of a step is the sum of the parts' losses times their shares, divided by the number
        of micro-batches.
        """
        for micro in self.micro_batches:
            for part in micro.split(size or len(micro.prompts)):
                yield part, len(part.prompts) / len(micro.prompts)


class Batches:
    """Makes the batches of a run; `num_timesteps` is the length of the noise schedule."""

    def __init__(
        self,
        settings: TrainSettings,
        *,
        name: str,
        lines: tuple[str, ...],
        captions: tuple[str, ...],
        latents: LatentCache,
        num_timesteps: int,
        held_out: int | None = None,
        weights: Sequence[torch.Tensor] = (),
        repeats: Sequence[int] = (),
    ) -> None:
        self.settings = settings
        self.name = name
        self.lines = lines
        self.captions = captions
        self.latents = latents
        self.num_timesteps = num_timesteps
        self.held_out = held_out
        self.weights = tuple(weights)
        often = repeats or [1] * len(captions)
        # A picture with n repeats is listed n times.
        self.items = [
            item for item in range(len(captions)) if item != held_out for _ in range(often[item])
        ]
        self.order = BatchSampler(self._groups(), size=settings.batch_size, seed=settings.seed)

    def start_at(self, updates: int) -> Iterator[StepBatch]:
        """Yield the batches that follow `updates` finished steps, without end."""
        passes = self.settings.gradient_accumulation_steps
        while True:
            first = updates * passes
            yield StepBatch(tuple(self.batch(first + index) for index in range(passes)))
            updates += 1

    def batch(self, index: int) -> Batch:
        """Make micro-batch number `place` of the run."""
        size, seed = self.settings.batch_size, self.settings.seed
        positions = range(index * size, (index + 1) * size)
        items = self.order.batch(index)
        flips = [self._is_flipped(position) for position in positions]
        latents = torch.stack(
            [
                self.latents.sample(item, flipped=flipped, position=position)
                for item, flipped, position in zip(items, flips, positions, strict=True)
            ]
        )
        random = generator(seed, "noise", index)
        noise = torch.randn(latents.shape, generator=random)
        timesteps = self._timesteps(size, random)
        if self.settings.noise_offset:
            shift = torch.randn(*latents.shape[:2], 1, 1, generator=random)
            noise = noise + self.settings.noise_offset * shift
        # One template line for all: without captions there is one prompt to encode.
        line = python_random(seed, "line", index).choice(self.lines)
        prompts = tuple(
            self._prompt(line, item, position)
            for item, position in zip(items, positions, strict=True)
        )
        return Batch(latents, noise, timesteps, prompts, self._weights(items, flips, positions))

    def evaluation(self) -> Batch:
        """Make the fixed evaluation batch, with eight timesteps evenly spaced and ascending.

        It has the held-out picture, or all pictures of the most frequent size in turn.
        """
        largest_group = list(dict.fromkeys(max(self.order.groups, key=len)))
        pictures = largest_group if self.held_out is None else [self.held_out]
        items = [pictures[index % len(pictures)] for index in range(NUM_EVALUATED)]
        latents = torch.stack([self.latents.mean(item) for item in items])
        noise = torch.randn(latents.shape, generator=generator(self.settings.seed, "evaluation"))
        stretch = self.num_timesteps / NUM_EVALUATED
        middles = [int((index + 0.5) * stretch) for index in range(NUM_EVALUATED)]
        prompts = tuple(
            fill_template(self.lines[0], name=self.name, words=self.captions[item])
            for item in items
        )
        weights = self._weights(items, [False] * NUM_EVALUATED, [None] * NUM_EVALUATED)
        return Batch(latents, noise, torch.tensor(middles), prompts, weights)

    def _timesteps(self, size: int, random: torch.Generator) -> torch.Tensor:
        """Draw timesteps (B,): uniform, or stratified: one in each of B equal intervals."""
        low = min(self.settings.min_timestep, self.num_timesteps - 1)
        high = min(self.settings.max_timestep, self.num_timesteps - 1)
        if self.settings.timesteps == "uniform":
            return torch.randint(low, high + 1, (size,), generator=random)
        positions = torch.arange(size) + torch.rand(size, generator=random)
        positions = positions[torch.randperm(size, generator=random)] / size  # in [0, 1)
        return (low + positions * (high + 1 - low)).long().clamp(max=high)

    def _groups(self) -> list[list[int]]:
        """Group the pictures by latent shape: a batch has one shape."""
        groups: dict[tuple[int, int], list[int]] = {}
        for item in self.items:
            groups.setdefault(self.latents.shape(item), []).append(item)
        return [groups[shape] for shape in sorted(groups)]

    def _is_flipped(self, position: int) -> bool:
        return python_random(self.settings.seed, "flip", position).random() < self.settings.flip

    def _weights(
        self, items: Sequence[int], flips: Sequence[bool], positions: Sequence[int | None]
    ) -> torch.Tensor | None:
        """Return the loss weights of each picture's crop, (B, 1, H, W); None without masks."""
        if not self.weights:
            return None
        return torch.stack(
            [
                self._weight(self.latents.view(item, flipped=flipped, position=position))
                for item, flipped, position in zip(items, flips, positions, strict=True)
            ]
        )

    def _weight(self, view: View) -> torch.Tensor:
        shape = self.latents.shape(view.item)
        whole = self.weights[view.item]
        cropped = crop_weights(
            whole, left=view.left, top=view.top, height=shape.height, width=shape.width
        )
        return cropped.flip(-1) if view.flipped else cropped

    def _prompt(self, line: str, item: int, position: int) -> str:
        random = python_random(self.settings.seed, "prompt", position)
        words = vary_tags(
            self.captions[item],
            shuffle=self.settings.shuffle_tags,
            dropout=self.settings.tag_dropout,
            rng=random,
            keep=self.settings.keep_tags,
        )
        if self.settings.caption_dropout and random.random() < self.settings.caption_dropout:
            words = ""
        return fill_template(line, name=self.name, words=words)
