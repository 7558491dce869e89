"""Sample pictures from a base model: diffusers' schedulers in a loop of our own.

The loop is our own so that it can be previewed, interrupted and interleaved with training steps;
its arithmetic is that of diffusers' pipelines, and a test compares the pictures.

B pictures, C H W latent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from textual_inversion.models.base import BaseModel
from textual_inversion.models.noise_schedule import is_zero_terminal, sampler_betas
from textual_inversion.models.text_encoders import Conditioning, LearnedTokens
from textual_inversion.settings import Sampler

_SCHEDULERS: dict[Sampler, tuple[str, dict[str, Any]]] = {
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
}
_CANNOT_RESCALE: frozenset[Sampler] = frozenset({"Heun", "PNDM"})


@dataclass(frozen=True)
class SamplingParams:
    """What to generate: one picture for each seed, all with the same prompts and size in pixels."""

    prompt: str
    negative_prompt: str
    sampler: Sampler
    steps: int
    cfg_scale: float
    width: int
    height: int
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class SamplingState:
    """The latents (B, C, H, W) after `step` of `total` calls of the UNet."""

    step: int
    total: int
    latents: torch.Tensor


def make_scheduler(sampler: Sampler, config: Any) -> Any:
    """Create diffusers' scheduler for a sampler's name, with the model's noise schedule."""
    import diffusers

    name, extra = _SCHEDULERS[sampler]
    kind = getattr(diffusers, name)
    if is_zero_terminal(config) and sampler in _CANNOT_RESCALE:
        extra = {**extra, "trained_betas": sampler_betas(config)}
    return kind.from_config(config, **extra)


@torch.no_grad()
def sample(
    model: BaseModel, params: SamplingParams, words: LearnedTokens
) -> Iterator[SamplingState]:
    """Yield the state after every call of the UNet."""
    scheduler = make_scheduler(params.sampler, model.scheduler.config)
    scheduler.set_timesteps(params.steps, device=model.device)
    generators = [torch.Generator().manual_seed(seed) for seed in params.seeds]
    latents = _initial_noise(model, params, generators) * scheduler.init_noise_sigma
    conditioning = _conditioning(model, params, words)
    extra = {"generator": generators} if params.sampler == "Euler a" else {}
    total = len(scheduler.timesteps)
    for step, timestep in enumerate(scheduler.timesteps, start=1):
        predicted = _guided(
            model, scheduler.scale_model_input(latents, timestep), timestep, conditioning, params
        )
        latents = scheduler.step(predicted, timestep, latents, return_dict=False, **extra)[0]
        yield SamplingState(step, total, latents)


def _initial_noise(
    model: BaseModel, params: SamplingParams, generators: list[torch.Generator]
) -> torch.Tensor:
    """Draw each picture's noise from its own seed, so that a batch equals single pictures."""
    height, width = (
        params.height // model.info.vae_scale_factor,
        params.width // model.info.vae_scale_factor,
    )
    shape = (1, model.unet.config.in_channels, height, width)
    noise = [torch.randn(shape, generator=generator) for generator in generators]
    return torch.cat(noise).to(model.device)


def _conditioning(model: BaseModel, params: SamplingParams, words: LearnedTokens) -> Conditioning:
    """Encode the negative prompt (first) and the prompt, padded to equal length."""
    prompts = [params.negative_prompt, params.prompt] if params.cfg_scale > 1 else [params.prompt]
    conditioning = model.text.encode(prompts, words)
    rows = torch.arange(len(prompts)).repeat_interleave(len(params.seeds))
    return conditioning[rows]


def _guided(
    model: BaseModel,
    latents: torch.Tensor,
    timestep: Any,
    conditioning: Conditioning,
    params: SamplingParams,
) -> torch.Tensor:
    """Predict with classifier-free guidance: eq. 6 of arXiv:2207.12598."""
    if params.cfg_scale <= 1:
        return model.predict(latents, timestep, conditioning)
    unconditional, conditional = model.predict(
        torch.cat([latents] * 2), timestep, conditioning
    ).chunk(2)
    return unconditional + params.cfg_scale * (conditional - unconditional)
