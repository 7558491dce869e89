"""The latents that a drawing begins from, and those that it keeps outside of a mask.

B pictures, C H W latent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate

from textual_inversion.generation.init_image.canvas import Canvas
from textual_inversion.generation.params import SamplingParams
from textual_inversion.models.base import BaseModel
from textual_inversion.settings.generate import MaskedContent


@dataclass(frozen=True)
class Start:
    """Latents without noise, and the step of the schedule (from 0) at which to begin.

    `mean` and `std` (B or 1, C, H, W) are scaled as the UNet has them; `mask` (1, 1, H, W) is 1
    where the latents are drawn anew.
    """

    mean: torch.Tensor
    first_step: int
    std: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    content: MaskedContent = "original"

    def draw(self, generators: list[torch.Generator]) -> torch.Tensor:
        """Draw latents (B, C, H, W) from the VAE's posterior, each with its own generator."""
        mean = self.mean.expand(len(generators), -1, -1, -1)
        if self.std is None:
            return mean
        shape = (1, *mean.shape[1:])
        noise = torch.cat([torch.randn(shape, generator=generator) for generator in generators])
        return mean + self.std * noise.to(mean.device)

    def with_content(self, latents: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Replace what is masked as `content` says."""
        if self.mask is None or not self.content.startswith("latent"):
            return latents
        inside = noise if self.content == "latent noise" else torch.zeros_like(noise)
        return latents * (1 - self.mask) + inside * self.mask

    @property
    def is_all_noise(self) -> bool:
        """Whether nothing of the picture is needed where it is drawn anew."""
        return self.mask is not None and self.first_step == 0

    def keep(self, latents: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
        """Put back, outside of the mask, latents (B, C, H, W) as noisy as the drawn ones."""
        if self.mask is None:
            return latents
        return (1 - self.mask) * kept + self.mask * latents


def start_from(model: BaseModel, params: SamplingParams, canvas: Canvas) -> Start:
    """Encode a canvas; the share of the steps that is taken is the denoising strength."""
    assert params.init is not None
    moments = model.encode_pictures([canvas.picture], tiled=params.is_tiled)
    # At least one step, as a picture of no step at all would be the VAE's copy.
    taken = max(1, min(int(params.steps * params.init.strength), params.steps))
    return Start(
        model.scale_latents(moments.mean),
        params.steps - taken,
        std=moments.std * model.vae.config.scaling_factor,
        mask=None if canvas.mask is None else _latent_mask(canvas.mask, moments.mean),
        content=params.init.content,
    )


def _latent_mask(mask: Image.Image, like: torch.Tensor) -> torch.Tensor:
    """Reduce a mask to latents (1, 1, H, W) of 0 and 1, as diffusers' inpainting does it."""
    pixels = torch.from_numpy(np.asarray(mask, dtype=np.float32) / 255)[None, None]
    return interpolate((pixels >= 0.5).float(), size=like.shape[-2:]).to(like.device)
