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
    """What to draw: one picture for each seed, all with the same words and size in pixels."""

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
    told = _conditioning(model, params, words)
    extra = {"generator": generators} if params.sampler == "Euler a" else {}
    total = len(scheduler.timesteps)
    for step, timestep in enumerate(scheduler.timesteps, start=1):
        predicted = _guided(
            model, scheduler.scale_model_input(latents, timestep), timestep, told, params
        )
        latents = scheduler.step(predicted, timestep, latents, return_dict=False, **extra)[0]
        yield SamplingState(step, total, latents)


def _noise(
    model: BaseModel, params: SamplingParams, generators: list[torch.Generator]
) -> torch.Tensor:
    """Draw each picture's start from its own seed, so that a batch gives what singles give."""
    height, width = params.height // model.info.scale, params.width // model.info.scale
    shape = (1, model.unet.config.in_channels, height, width)
    noise = [torch.randn(shape, generator=generator) for generator in generators]
    return torch.cat(noise).to(model.device)


def _conditioning(model: BaseModel, params: SamplingParams, words: LearnedTokens) -> Conditioning:
    """Encode the negative prompt (first) and the prompt, as long as the longer of the two."""
    prompts = [params.negative_prompt, params.prompt] if params.cfg_scale > 1 else [params.prompt]
    both = model.text.encode(prompts, words)
    rows = torch.arange(len(prompts)).repeat_interleave(len(params.seeds))
    return both[rows]


def _guided(
    model: BaseModel,
    latents: torch.Tensor,
    timestep: Any,
    told: Conditioning,
    params: SamplingParams,
) -> torch.Tensor:
    """Predict with classifier-free guidance: eq. 6 of arXiv:2207.12598."""
    if params.cfg_scale <= 1:
        return model.predict(latents, timestep, told)
    without, with_prompt = model.predict(torch.cat([latents] * 2), timestep, told).chunk(2)
    return without + params.cfg_scale * (with_prompt - without)
