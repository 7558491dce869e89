"""Sample pictures from a base model: diffusers' schedulers in a loop of our own.

The loop is our own so that it can be previewed, interrupted and interleaved with training steps;
its arithmetic is that of diffusers' pipelines, and a test compares the pictures.

B pictures, C H W latent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from textual_inversion.generation.guidance import Guidance
from textual_inversion.generation.init_image.start import Start
from textual_inversion.generation.params import SamplingParams
from textual_inversion.generation.samplers import (
    draw_noise_on_cpu,
    make_scheduler,
    step_options,
)
from textual_inversion.models.base import BaseModel
from textual_inversion.models.text_encoders import LearnedTokens


@dataclass(frozen=True)
class SamplingState:
    """The latents (B, C, H, W) after `step` of `total` calls of the UNet."""

    step: int
    total: int
    latents: torch.Tensor
    estimate: Callable[[], torch.Tensor]

    @property
    def denoised(self) -> torch.Tensor:
        """The UNet's present estimate of the latents without noise; computed when asked for."""
        return self.estimate()


@torch.no_grad()
def sample(
    model: BaseModel, params: SamplingParams, words: LearnedTokens, start: Start | None = None
) -> Iterator[SamplingState]:
    """Yield the drawing after every call of the UNet; the last one is finished.

    With a `start`, it goes on from there instead of from pure noise.
    """
    scheduler = make_scheduler(params.sampler, model.scheduler.config)
    scheduler.set_timesteps(params.steps, device=model.device)
    timesteps = _timesteps_from(scheduler, start.first_step if start else 0)
    generators = [torch.Generator().manual_seed(seed) for seed in params.seeds]
    latents, base, noise = _beginning(model, params, start, scheduler, timesteps, generators)
    draw_noise_on_cpu(scheduler, latents, params.seeds)
    guidance = Guidance(model, words, params)
    extra = step_options(scheduler, generators=generators, eta=params.eta)
    calls = len(scheduler.timesteps)
    for index, timestep in enumerate(timesteps):
        # Some samplers call the UNet twice a step.
        call = index * params.steps // calls
        scaled = scheduler.scale_model_input(latents, timestep)
        predicted = guidance.predict(scaled, timestep, call)
        latents = scheduler.step(predicted, timestep, latents, return_dict=False, **extra)[0]
        if start is not None and start.mask is not None:
            following = timesteps[index + 1 : index + 2]
            kept = scheduler.add_noise(base, noise, following) if len(following) else base
            latents = start.keep(latents, kept)
        estimate = partial(_denoised, model, scaled, predicted, timestep)
        yield SamplingState(index + 1, len(timesteps), latents, estimate)


def count_calls(model: BaseModel, params: SamplingParams, first_step: int) -> int:
    """Count the calls of the UNet from a step of the schedule to its end."""
    scheduler = make_scheduler(params.sampler, model.scheduler.config)
    scheduler.set_timesteps(params.steps)
    return len(_timesteps_from(scheduler, first_step))


def _timesteps_from(scheduler: Any, first_step: int) -> torch.Tensor:
    """Make a scheduler begin at a step (from 0), as diffusers' img2img pipelines do."""
    first_call = first_step * getattr(scheduler, "order", 1)
    if first_call and hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first_call)
    return scheduler.timesteps[first_call:]


def _beginning(
    model: BaseModel,
    params: SamplingParams,
    start: Start | None,
    scheduler: Any,
    timesteps: torch.Tensor,
    generators: list[torch.Generator],
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the first latents, what they are without noise, and the noise (B, C, H, W)."""
    base = start.draw(generators) if start else None
    noise = _initial_noise(model, params, generators)
    if start is None or base is None:
        return noise * scheduler.init_noise_sigma, torch.zeros_like(noise), noise
    base = start.with_content(base, noise)
    if start.is_all_noise:
        return noise * scheduler.init_noise_sigma, base, noise
    return scheduler.add_noise(base, noise, timesteps[:1]), base, noise


def _denoised(
    model: BaseModel, scaled: torch.Tensor, predicted: torch.Tensor, timestep: Any
) -> torch.Tensor:
    """Estimate clean latents (B, C, H, W) from what the UNet was given and what it predicts.

    Eq. 12 of arXiv:2010.02502 for noise, sec. 2.4 of arXiv:2202.00512 for velocities; what the UNet
    is given always has the deviation of its training, whatever the sampler's own scale.
    """
    last = model.num_timesteps - 1
    index = torch.as_tensor(timestep, device=model.alphas_cumprod.device).round().long()
    alpha = model.alphas_cumprod[index.clamp(0, last)].to(scaled.device)
    if model.prediction == "v_prediction":
        return alpha.sqrt() * scaled - (1 - alpha).sqrt() * predicted
    return (scaled - (1 - alpha).sqrt() * predicted) / alpha.sqrt()


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
