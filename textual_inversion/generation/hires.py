"""The high-res fix: what was drawn is enlarged, and drawn once more at the larger size.

B pictures, C H W latent.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from PIL import Image
from torch.nn.functional import interpolate

from textual_inversion.generation.init_image.start import Start
from textual_inversion.generation.params import Hires, SamplingParams
from textual_inversion.models.base import BaseModel

_IN_LATENTS = {"Latent": "bilinear", "Latent (nearest-exact)": "nearest-exact"}
_IN_PIXELS = {"Lanczos": Image.Resampling.LANCZOS, "Nearest": Image.Resampling.NEAREST}


def second_pass(params: SamplingParams) -> tuple[SamplingParams, int]:
    """Return what the second pass draws, and the step of its schedule at which it begins.

    As in A1111, the steps asked for are all taken: the schedule is so much longer that the
    strength's share of it are these.
    """
    hires = params.hires
    assert hires is not None
    taken = hires.steps or params.steps
    steps = max(taken, int(taken / min(hires.strength, 0.999)))
    second = replace(params, width=hires.width, height=hires.height, steps=steps, hires=None)
    return second, steps - taken


@torch.no_grad()
def enlarge(model: BaseModel, latents: torch.Tensor, params: SamplingParams) -> torch.Tensor:
    """Enlarge latents (B, C, H, W) to the size of the second pass."""
    hires = params.hires
    assert hires is not None
    if hires.upscaler in _IN_LATENTS:
        factor = model.info.vae_scale_factor
        size = (hires.height // factor, hires.width // factor)
        return interpolate(latents, size=size, mode=_IN_LATENTS[hires.upscaler])
    parts = [_enlarged_picture(model, one, hires, tiled=params.is_tiled) for one in latents]
    return torch.cat(parts)


def _enlarged_picture(
    model: BaseModel, latents: torch.Tensor, hires: Hires, *, tiled: bool
) -> torch.Tensor:
    (picture,) = model.decode(latents[None], tiled=tiled)
    picture = picture.resize((hires.width, hires.height), _IN_PIXELS[hires.upscaler])
    return model.scale_latents(model.encode_pictures([picture], tiled=tiled).mean)


def start_of_second_pass(
    model: BaseModel, latents: torch.Tensor, params: SamplingParams, first_step: int
) -> Start:
    """Begin the second pass from the enlarged latents, without any draw from the VAE."""
    return Start(enlarge(model, latents, params), first_step)
