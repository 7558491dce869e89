"""The autoencoder's view of the pictures, computed once: mean and spread, for both flips.

N pictures, C H W latent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from PIL import Image, ImageOps

from textual_inversion.models.base import BaseModel
from textual_inversion.randomness import generator

_ENCODE_AT_ONCE = 4


class LatentCache:
    """Holds the moments of every picture on the CPU and draws latents from them."""

    def __init__(self, model: BaseModel, method: str, *, seed: int, flips: bool) -> None:
        self.model = model
        self.method = method
        self.seed = seed
        self.flips = flips
        self._moments: dict[tuple[int, bool], tuple[torch.Tensor, torch.Tensor]] = {}

    def fill(self, pictures: Sequence[Image.Image]) -> Iterator[int]:
        """Encode RGB pictures of one size; yields how many are done."""
        for first in range(0, len(pictures), _ENCODE_AT_ONCE):
            part = list(pictures[first : first + _ENCODE_AT_ONCE])
            self._encode(part, first, flipped=False)
            if self.flips:
                self._encode([ImageOps.mirror(p) for p in part], first, flipped=True)
            yield first + len(part)

    def sample(self, item: int, *, flipped: bool, position: int) -> torch.Tensor:
        """Draw a latent (C, H, W) at the UNet's scale by the chosen method."""
        mean, std = self._moments[item, flipped]
        if self.method == "deterministic":
            return self.model.scaled(mean)
        address = ("once", item, int(flipped)) if self.method == "once" else ("random", position)
        noise = torch.randn(mean.shape, generator=generator(self.seed, "latent", *address))
        return self.model.scaled(mean + std * noise)

    def mean(self, item: int) -> torch.Tensor:
        """Give a picture's mean latent (C, H, W) at the UNet's scale, not mirrored."""
        return self.model.scaled(self._moments[item, False][0])

    def _encode(self, pictures: list[Image.Image], first: int, *, flipped: bool) -> None:
        moments = self.model.encode_pictures(pictures)
        for place, (mean, std) in enumerate(zip(moments.mean, moments.std, strict=True)):
            self._moments[first + place, flipped] = (mean.cpu(), std.cpu())
