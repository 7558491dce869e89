"""A base model's noise schedule, with the user's overrides of its configuration.

T timesteps.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch

from textual_inversion.errors import ModelError

Prediction = Literal["epsilon", "v_prediction"]
PredictionChoice = Literal["model", "epsilon", "v_prediction"]
ZeroSnrChoice = Literal["model", "on", "off"]
# Replaces zero where a sampler divides by it, as in diffusers' own samplers.
_NEARLY_ZERO = 2.0**-24


def open_schedule(
    config: dict[str, Any],
    *,
    prediction: PredictionChoice = "model",
    zero_terminal_snr: ZeroSnrChoice = "model",
) -> Any:
    """Create the noise schedule from a model's scheduler configuration and the overrides.

    With zero terminal SNR the last timestep is pure noise, and sampling starts there: algorithm 1
    and sec. 3.3 of arXiv:2305.08891.

    Raises:
        ModelError: The UNet predicts the noise, which is undefined at zero SNR.
    """
    import diffusers

    changes: dict[str, Any] = {}
    if prediction != "model":
        changes["prediction_type"] = prediction
    rescale = bool(config.get("rescale_betas_zero_snr", False))
    changes["rescale_betas_zero_snr"] = {"on": True, "off": False}.get(zero_terminal_snr, rescale)
    if changes["rescale_betas_zero_snr"]:
        changes["timestep_spacing"] = "trailing"
    schedule: Any = diffusers.DDIMScheduler.from_config(config, **changes)
    if schedule.config.prediction_type not in get_args(Prediction):
        raise ModelError(
            f"The model's configuration says that its UNet predicts \""
            f'{str(schedule.config.prediction_type)[:40]}", and only epsilon and v_prediction are '
            "supported; set --prediction-type if the configuration is wrong."
        )
    if is_zero_terminal(schedule.config) and schedule.config.prediction_type == "epsilon":
        raise ModelError(
            "Zero terminal SNR needs a UNet that predicts the velocity, and this one predicts the "
            "noise; set --zero-terminal-snr off, or --prediction-type v_prediction if the model's "
            "configuration is wrong."
        )
    return schedule


@torch.no_grad()
def ask_prediction(unet: Any) -> Prediction:
    """Find out what a UNet predicts by its answer to a plain input at the last timestep.

    There nearly everything is noise, so one that predicts the noise returns its input, and one that
    predicts the velocity the negative. The input and the threshold are those of AUTOMATIC1111's
    `sd_models_config.is_using_v_parameterization_for_sd2`.
    """
    kind = {"device": unet.device, "dtype": next(unet.parameters()).dtype}
    latents = torch.full((1, unet.config.in_channels, 8, 8), 0.5, **kind)  # (1, C, H, W)
    context = torch.full((1, 2, unet.config.cross_attention_dim), 0.5, **kind)
    answer = unet(latents, 999, encoder_hidden_states=context, return_dict=False)[0]
    return "v_prediction" if float((answer - latents).mean()) < -1 else "epsilon"


def is_zero_terminal(config: Any) -> bool:
    """Whether the schedule ends in pure noise."""
    return bool(config.get("rescale_betas_zero_snr", False))


def alphas_cumprod(config: Any) -> torch.Tensor:
    """Compute the schedule's cumulative alphas as DDPM does, fp32 (T,)."""
    from diffusers import DDPMScheduler

    ddpm: Any = DDPMScheduler.from_config(config)
    return ddpm.alphas_cumprod


def sampler_betas(config: Any) -> list[float]:
    """Compute betas (T,) ending in nearly pure noise, for samplers that cannot rescale them."""
    alphas = alphas_cumprod(config).double()
    alphas[-1] = _NEARLY_ZERO
    before = torch.cat([torch.ones(1, dtype=alphas.dtype), alphas[:-1]])
    return (1 - alphas / before).tolist()
