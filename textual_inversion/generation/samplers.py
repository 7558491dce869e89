"""Samplers by A1111's names: diffusers' schedulers, and the one that diffusers lacks."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import torch

from textual_inversion.models.noise_schedule import is_zero_terminal, sampler_betas
from textual_inversion.settings import Sampler

_KARRAS = {"use_karras_sigmas": True}
_SDE = {"algorithm_type": "sde-dpmsolver++"}
_SCHEDULERS: dict[Sampler, tuple[str, dict[str, Any]]] = {
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", _KARRAS),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", _SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", {**_SDE, **_KARRAS}),
    "DPM++ SDE": ("DPMSolverSDEScheduler", {}),
    "DPM++ SDE Karras": ("DPMSolverSDEScheduler", _KARRAS),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "LMS": ("LMSDiscreteScheduler", {}),
    "LMS Karras": ("LMSDiscreteScheduler", _KARRAS),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 Karras": ("KDPM2DiscreteScheduler", _KARRAS),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
    "LCM": ("LCMScheduler", {}),
}


def make_scheduler(sampler: Sampler, config: Any) -> Any:
    """Make the scheduler of a sampler's name, with the model's own noise schedule."""
    import diffusers

    if sampler == "DPM++ 2S a":
        from textual_inversion.generation.dpmpp_2s_ancestral import DPMPP2SAncestralScheduler

        return DPMPP2SAncestralScheduler(config)
    name, extra = _SCHEDULERS[sampler]
    kind = getattr(diffusers, name)
    if is_zero_terminal(config) and "rescale_betas_zero_snr" not in _parameters(kind.__init__):
        extra = {**extra, "trained_betas": sampler_betas(config)}
    return kind.from_config(config, **extra)


def draw_noise_on_cpu(scheduler: Any, latents: torch.Tensor, seeds: tuple[int, ...]) -> None:
    """Make a scheduler that draws noise by itself do it on the CPU, a seed for each picture.

    It would draw on the latents' (B, C, H, W) device, where a seed gives other numbers.
    """
    if not hasattr(scheduler, "noise_sampler"):
        return
    from diffusers.schedulers.scheduling_dpmsolver_sde import BrownianTreeNoiseSampler

    # It warns of the last digit of its own times.
    warnings.filterwarnings("ignore", r"Should have t[ab]", module="torchsde")
    sigmas = scheduler.sigmas[scheduler.sigmas > 0]
    template = torch.zeros(latents.shape, dtype=latents.dtype)
    draw = BrownianTreeNoiseSampler(template, sigmas.min(), sigmas.max(), list(seeds))
    scheduler.noise_sampler = lambda now, following: draw(now, following).to(latents.device)


def step_options(scheduler: Any, *, generators: list[Any], eta: float) -> dict[str, Any]:
    """Collect what a scheduler's `step` takes beyond the prediction."""
    taken = _parameters(scheduler.step)
    options = {"generator": generators, "eta": eta}
    return {name: value for name, value in options.items() if name in taken}


def _parameters(function: Any) -> Any:
    return inspect.signature(function).parameters
