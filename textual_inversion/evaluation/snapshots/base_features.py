"""Features of pictures that every base model offers, without any other network.

B pictures, C H W latent, F features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from textual_inversion.models import diffusion
from textual_inversion.models.base import BaseModel
from textual_inversion.randomness import generator

UNET = "UNet"
LATENTS = "latents"
COLOURS = "colours"
_LEVELS = 4  # of each colour channel
# Little noise, so that the picture is still seen: a fifth of the schedule.
_NOISE = 0.2


class BaseFeatures:
    """Computes the features; all pictures get the same noise."""

    def __init__(self, model: BaseModel) -> None:
        self._model = model
        self._empty = model.text.encode([""], {})

    @torch.no_grad()
    def compute(self, pictures: Sequence[Image.Image]) -> dict[str, torch.Tensor]:
        """Compute all kinds for pictures of one size, each (B, F) on the CPU.

        "latents" are the autoencoder's, "colours" the share of each of 64 colours, and "UNet" the
        middle block's activations on the noisy latents without a prompt, averaged over the picture:
        features of a diffusion model tell what a picture shows (arXiv:2306.03881).
        """
        model = self._model
        latents = model.scale_latents(model.encode_pictures(pictures).mean)  # (B, C, H, W)
        return {
            UNET: self._middle(latents).cpu(),
            LATENTS: latents.flatten(1).cpu(),
            COLOURS: torch.stack([colour_shares(picture) for picture in pictures]),
        }

    def _middle(self, latents: torch.Tensor) -> torch.Tensor:
        model, count = self._model, len(latents)
        noise = torch.randn(latents.shape[1:], generator=generator("evaluate")).to(latents.device)
        timestep = round(_NOISE * (model.num_timesteps - 1))
        timesteps = torch.full((count,), timestep, device=latents.device)
        noisy = diffusion.add_noise(
            latents, noise.expand_as(latents), model.alphas_cumprod[timesteps]
        )
        empty = self._empty[torch.zeros(count, dtype=torch.long)]
        return model.middle_activations(noisy, timesteps, empty).mean((2, 3))


def colour_shares(picture: Image.Image) -> torch.Tensor:
    """Compute which share of a picture has each of 64 colours (64,): four levels a channel."""
    levels = np.asarray(picture.convert("RGB"), dtype=np.int64).reshape(-1, 3) * _LEVELS // 256
    numbers = levels @ np.array([_LEVELS**2, _LEVELS, 1])
    shares = np.bincount(numbers, minlength=_LEVELS**3) / len(numbers)
    return torch.from_numpy(shares).float()
