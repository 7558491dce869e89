"""Draw pictures with a base model: diffusers' schedulers, our loop.

The loop is ours so that it can be watched, interrupted and interleaved with a training step by
step; its arithmetic is that of diffusers' pipelines, and a test holds it to their pictures.

B pictures, C H W latent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from textual_inversion.generation.guidance import Guidance
from textual_inversion.models.base import BaseModel
from textual_inversion.models.noise_schedule import is_zero_terminal, sampler_betas
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.settings import Emphasis, Sampler

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
    """What to draw: one picture for each seed, all with the same words and size in pixels."""

    prompt: str
    negative_prompt: str
    sampler: Sampler
    steps: int
    cfg_scale: float
    width: int
    height: int
    seeds: tuple[int, ...]
    emphasis: Emphasis = "original"


@dataclass(frozen=True)
class SamplingState:
    """How far a drawing is: after `step` of `total` sampler calls, its latents (B, C, H, W)."""

    step: int
    total: int
    latents: torch.Tensor


def make_scheduler(sampler: Sampler, config: Any) -> Any:
    """Make diffusers' scheduler for a sampler's name, with the model's own noise schedule."""
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
    """Yield the drawing after every call of the UNet; the last one is finished."""
    scheduler = make_scheduler(params.sampler, model.scheduler.config)
    scheduler.set_timesteps(params.steps, device=model.device)
    generators = [torch.Generator().manual_seed(seed) for seed in params.seeds]
    latents = _noise(model, params, generators) * scheduler.init_noise_sigma
    guidance = Guidance(
        model,
        words,
        params.prompt,
        params.negative_prompt,
        scale=params.cfg_scale,
        emphasis=params.emphasis,
        num_steps=params.steps,
        num_pictures=len(params.seeds),
    )
    extra = {"generator": generators} if params.sampler == "Euler a" else {}
    total = len(scheduler.timesteps)
    for index, timestep in enumerate(scheduler.timesteps):
        # Some samplers call the UNet twice a step.
        call = index * params.steps // total
        scaled = scheduler.scale_model_input(latents, timestep)
        predicted = guidance.predict(scaled, timestep, call)
        latents = scheduler.step(predicted, timestep, latents, return_dict=False, **extra)[0]
        yield SamplingState(index + 1, total, latents)


def _noise(
    model: BaseModel, params: SamplingParams, generators: list[torch.Generator]
) -> torch.Tensor:
    """Draw each picture's start from its own seed, so that a batch gives what singles give."""
    height, width = params.height // model.info.scale, params.width // model.info.scale
    shape = (1, model.unet.config.in_channels, height, width)
    noise = [torch.randn(shape, generator=generator) for generator in generators]
    return torch.cat(noise).to(model.device)
