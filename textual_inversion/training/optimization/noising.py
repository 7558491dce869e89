"""A batch as the UNet sees it: noised latents, and what is to be predicted from them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from textual_inversion.data.batches import Batch
from textual_inversion.models import diffusion
from textual_inversion.models.base import BaseModel


@dataclass(frozen=True)
class Noised:
    """Noisy latents and the target (B, C, H, W) at timesteps (B,), on the model's device."""

    latents: torch.Tensor
    timesteps: torch.Tensor
    target: torch.Tensor


def add_noise(model: BaseModel, micro: Batch) -> Noised:
    """Add a batch's noise to its latents by the model's schedule."""
    given = (micro.latents, micro.noise, micro.timesteps)
    latents, noise, timesteps = (tensor.to(model.device) for tensor in given)
    alphas = model.alphas_cumprod[timesteps]
    noisy = diffusion.add_noise(latents, noise, alphas)
    return Noised(noisy, timesteps, diffusion.target(model.prediction, latents, noise, alphas))
