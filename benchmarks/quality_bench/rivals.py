"""The other programs' loops, written anew from what they do, on the model as we open it.

Each picture's posterior is computed once, which changes no result; what their own loops cost is
timed apart (`pace.py`).

B batch, D width of a word.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from PIL import Image, ImageOps
from torch.nn import functional as F

from textual_inversion.embeddings.initialization import StartMethod, start_vectors
from textual_inversion.models import diffusion
from textual_inversion.models.opening import open_model

NAME = "bench-word"
_LINES = (
    "a photo of a {}",
    "a photo of the {}",
    "a rendering of a {}",
    "a cropped photo of the {}",
    "a close-up photo of a {}",
    "a bright photo of the {}",
    "a good photo of a {}",
    "a photo of one {}",
)


@dataclass(frozen=True)
class Recipe:
    """How a rival trains one vector: AdamW at a steady rate, uniform timesteps, squared error."""

    rate: float
    weight_decay: float = 1e-2
    flip: float = 0.0
    latents: Literal["random", "once"] = "random"
    start: StartMethod = "words"
    pull: float = 0.0
    """The weight of the distance to the start in the loss."""
    costs_like: Literal["script", "rival"] = "script"
    """Whose seconds a step takes: with the autoencoder and the table of all words, or without."""


# Its README: 5e-4, --scale_lr with 4 pictures a step; pictures are mirrored half of the time.
SCRIPT = Recipe(rate=5e-4 * 4, flip=0.5)
# The tab's defaults but for the batch: 0.005, no decay, latents drawn once.
A1111 = Recipe(rate=0.005, weight_decay=0.0, latents="once", costs_like="rival")
# arXiv:2312.15905 and its README: 0.000625 scaled by 8 pictures; the loss holds the start.
CROSS_INIT = Recipe(rate=0.005, start="encoded-words", pull=1e-5, flip=0.5)


def at_rate(recipe: Recipe, rate: float) -> Recipe:
    """Return the recipe with another rate."""
    return replace(recipe, rate=rate)


class Rival:
    """A training by a recipe; `vectors` is what it has learned so far (1, D)."""

    def __init__(
        self,
        model: Path,
        pictures: Sequence[Image.Image],
        recipe: Recipe,
        *,
        word: str,
        batch: int = 4,
        seed: int = 0,
    ) -> None:
        self.model, self.recipe, self.batch = open_model(str(model)), recipe, batch
        self._draw = torch.Generator().manual_seed(seed)
        self._choose = random.Random(seed)
        (start,) = start_vectors(self.model.text.encoders, word, 1, how=recipe.start)
        self._start = start
        self.row = torch.nn.Parameter(start.clone())
        self._optimizer = torch.optim.AdamW(
            [self.row], lr=recipe.rate, weight_decay=recipe.weight_decay
        )
        both = [*pictures, *map(ImageOps.mirror, pictures)]
        self._moments = self.model.encode_pictures([picture.convert("RGB") for picture in both])
        self._num_pictures, self._left = len(pictures), []
        self._once = self._sample(list(range(len(pictures))))

    @property
    def vectors(self) -> torch.Tensor:
        """Copy the learned row: (1, D)."""
        return self.row.detach().clone()

    def step(self) -> float:
        """Take one step."""
        latents = self._latents([self._next_row() for _ in range(self.batch)])
        noise = torch.randn(latents.shape, generator=self._draw)
        steps = torch.randint(0, self.model.num_timesteps, (self.batch,), generator=self._draw)
        prompts = [self._choose.choice(_LINES).format(NAME) for _ in range(self.batch)]
        conditioning = self.model.text.encode(prompts, {NAME: (self.row,)})
        alphas = self.model.alphas_cumprod[steps]
        noisy = diffusion.add_noise(latents, noise, alphas)
        predicted = self.model.predict(noisy, steps, conditioning)
        target = diffusion.target(self.model.prediction, latents, noise, alphas)
        loss = F.mse_loss(predicted, target)
        if self.recipe.pull:
            loss = loss + self.recipe.pull * F.pairwise_distance(self.row, self._start).mean()
        loss.backward()
        self._optimizer.step()
        self._optimizer.zero_grad()
        return loss.item()

    def _next_row(self) -> int:
        """Go through all pictures in a new order each time."""
        if not self._left:
            self._left = self._choose.sample(range(self._num_pictures), k=self._num_pictures)
        return self._left.pop()

    def _latents(self, rows: list[int]) -> torch.Tensor:
        if self.recipe.latents == "once":
            return self._once[rows]
        flips = [self._choose.random() < self.recipe.flip for _ in rows]
        return self._sample(
            [row + self._num_pictures * flip for row, flip in zip(rows, flips, strict=True)]
        )

    def _sample(self, rows: list[int]) -> torch.Tensor:
        """Draw scaled latents (B, C, H, W) from the posteriors of `rows`."""
        mean, std = self._moments.mean[rows], self._moments.std[rows]
        noise = torch.randn(mean.shape, generator=self._draw)
        return self.model.scale_latents(mean + std * noise)
