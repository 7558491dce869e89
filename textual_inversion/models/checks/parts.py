"""Checks of a loaded base model: its parts are complete, finite, and made for each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.families.base import text_encoder_names


def check_complete(loaded: Mapping[str, Any], part: str) -> None:
    """Refuse a part of whose tensors the libraries would make up some.

    Args:
        loaded: The `output_loading_info` of diffusers or transformers.
        part: The part's folder, as messages name it.

    Raises:
        ModelError: Tensors are missing or of another shape than the configuration's.
    """
    if missing := sorted(loaded["missing_keys"]):
        raise ModelError(
            f"The base model's {part} lacks {len(missing)} of its tensors, such as {missing[0]}; "
            "copy the model again."
        )
    if wrong := sorted(loaded["mismatched_keys"], key=str):
        name, found, expected = wrong[0]
        raise ModelError(
            f"The base model's {part} does not fit its configuration: {len(wrong)} tensors have "
            f"another shape, such as {name} with {_shape(found)} instead of {_shape(expected)}; "
            "copy the model again."
        )


def check_fit(parts: Mapping[str, Any], info: ModelInfo) -> None:
    """Check that text encoders, UNet and VAE are of one model.

    Raises:
        ModelError: They are not, or the VAE's scale is no number that latents can have.
    """
    unet, vae = parts["unet"].config, parts["vae"].config
    if unet.in_channels != vae.latent_channels:
        raise ModelError(
            f'The UNet of the base model "{info.name}" takes {unet.in_channels} channels and its '
            f"VAE makes {vae.latent_channels}; use a complete model for making pictures, not one "
            "for inpainting or the like."
        )
    width = sum(parts[name].config.hidden_size for name in text_encoder_names(info.family))
    if isinstance(unet.cross_attention_dim, int) and unet.cross_attention_dim != width:
        raise ModelError(
            f'The text encoder of the base model "{info.name}" is {width} wide, and its UNet '
            f"expects {unet.cross_attention_dim}; copy the model again."
        )
    check_vae_scale(vae, info)


def check_vae_scale(config: Any, info: ModelInfo) -> None:
    """Raise ModelError unless a VAE's scaling and shift factors are numbers that can be used."""
    scale, shift = config.scaling_factor, config.shift_factor
    numbers = [scale] if shift is None else [scale, shift]
    if not all(isinstance(number, int | float) for number in numbers) or scale <= 0:
        raise ModelError(
            f'The configuration of the VAE of the base model "{info.name}" is invalid '
            f"(scaling_factor {str(scale)[:40]}, shift_factor {str(shift)[:40]}); copy the model "
            "again."
        )


@torch.no_grad()
def check_finite(module: torch.nn.Module, name: str, info: ModelInfo) -> None:
    """Refuse weights with NaN or infinite numbers, which only draw black pictures.

    The least or the greatest weight is one of them if any is, and finding them is quick in every
    precision, unlike a sum or isfinite(); there is one CPU-GPU sync point for the whole module.

    Raises:
        ModelError: There are some.
    """
    named = [(key, weight) for key, weight in module.named_parameters() if weight.numel()]
    ends = torch.stack(
        [torch.stack(torch.aminmax(weight)).float() for _, weight in named]
    )  # (n, 2)
    finite = ends.isfinite().all(dim=-1).tolist()
    broken = [key for (key, _), good in zip(named, finite, strict=True) if not good]
    if broken:
        raise ModelError(
            f'The base model "{info.name}" in {info.folder} is broken: {len(broken)} of its '
            f"{name}'s {len(named)} tensors hold NaN or infinite numbers, the first {broken[0]}; "
            "copy the model again."
        )


def _shape(shape: Any) -> str:
    return " x ".join(map(str, shape)) or "a number"
