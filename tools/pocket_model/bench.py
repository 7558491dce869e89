"""What every measurement of the pocket model needs: the opened model and the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from data import Item, over
from diffusers import StableDiffusionPipeline
from latents import Taught, encode


@dataclass(frozen=True)
class Bench:
    """What every measurement needs."""

    pipe: StableDiffusionPipeline
    pictures: np.ndarray
    items: list[Item]
    taught: Taught
    unseen: set[str]
    groups: tuple[str, ...]
    out: Path

    def white(self, items: list[Item]) -> list[np.ndarray]:
        """Return the pictures of `items` over white."""
        return [over(np.array(self.pictures[item.index]), "white") for item in items]

    def latents(self, items: list[Item]) -> torch.Tensor:
        """Return their scaled latents: (N, 4, 16, 16)."""
        scale = self.pipe.vae.config.scaling_factor
        return encode(self.pipe.vae, self.white(items)) * scale
