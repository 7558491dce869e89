"""Sample pictures from a base model: diffusers' schedulers in a loop of our own.

The loop is our own so that it can be previewed, interrupted and interleaved with training steps;
its arithmetic is that of diffusers' pipelines, and a test compares the pictures.

B pictures, C H W latent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from textual_inversion.generation.guidance import Guidance
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.samplers import make_scheduler, step_options
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import LearnedTokens


@dataclass(frozen=True)
class SamplingState:
    """The latents (B, C, H, W) after `step` of `total` calls of the UNet."""

    step: int
    total: int
    latents: torch.Tensor


@torch.no_grad()
def sample(
    model: BaseModel, params: SamplingParams, words: LearnedTokens
) -> Iterator[SamplingState]:
    """Yield the drawing after every call of the UNet; the last one is finished."""
    scheduler = make_scheduler(params.sampler, model.scheduler.config, params.seeds)
    scheduler.set_timesteps(params.steps, device=model.device)
    generators = [torch.Generator().manual_seed(seed) for seed in params.seeds]
    latents = _initial_noise(model, params, generators) * scheduler.init_noise_sigma
    guidance = Guidance(model, words, params)
    extra = step_options(scheduler, generators=generators, eta=params.eta)
    total = len(scheduler.timesteps)
    for index, timestep in enumerate(scheduler.timesteps):
        # Some samplers call the UNet twice a step.
        call = index * params.steps // total
        scaled = scheduler.scale_model_input(latents, timestep)
        predicted = guidance.predict(scaled, timestep, call)
        latents = scheduler.step(predicted, timestep, latents, return_dict=False, **extra)[0]
        yield SamplingState(index + 1, total, latents)


def _initial_noise(
    model: BaseModel, params: SamplingParams, generators: list[torch.Generator]
) -> torch.Tensor:
    """Draw each picture's noise from its own seed, so that a batch equals single pictures."""
    height, width = (
        params.height // model.info.vae_scale_factor,
        params.width // model.info.vae_scale_factor,
    )
    shape = (1, model.unet.config.in_channels, height, width)
    noise = torch.cat([torch.randn(shape, generator=generator) for generator in generators])
    if params.variation_strength > 0:
        others = (torch.Generator().manual_seed(seed) for seed in params.variation_seeds)
        other = torch.cat([torch.randn(shape, generator=generator) for generator in others])
        noise = mix_noise(noise, other, params.variation_strength)
    return noise.to(model.device)


def mix_noise(noise: torch.Tensor, other: torch.Tensor, strength: float) -> torch.Tensor:
    """Go from one noise (B, C, H, W) towards another on the sphere, as A1111 does it.

    The angle is measured along the height, for every channel and column by itself (`slerp` in
    `rng.py`, version 1.10); with other angles a variation seed would give other pictures there.
    """
    unit, other_unit = (part / part.norm(dim=2, keepdim=True) for part in (noise, other))
    dot = (unit * other_unit).sum(dim=2, keepdim=True)  # (B, C, 1, W)
    if dot.mean() > 0.9995:
        return torch.lerp(noise, other, strength)
    angle = dot.clamp(-1, 1).acos()
    first = ((1 - strength) * angle).sin() / angle.sin()
    second = (strength * angle).sin() / angle.sin()
    return first * noise + second * other
