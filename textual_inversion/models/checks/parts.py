"""Checks of a loaded base model: its parts are complete, finite, and made for each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.families.base import text_encoder_names

_INTEGERS = {2: (torch.int16, "uint16"), 4: (torch.int32, "uint32"), 8: (torch.int64, "uint64")}
_NUM_THREADS = 2  # one computes while the other waits for a mapped file
_PART = 1 << 17  # numbers that stay in the processor's cache between two looks


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

    Raises:
        ModelError: There are some.
    """
    named = [(key, weight) for key, weight in module.named_parameters() if weight.numel()]
    if all(weight.device.type == "cpu" for _, weight in named):
        finite = _are_finite_in_memory([weight for _, weight in named])
    else:
        finite = _are_finite([weight for _, weight in named])
    broken = [key for (key, _), good in zip(named, finite, strict=True) if not good]
    if broken:
        raise ModelError(
            f'The base model "{info.name}" in {info.folder} is broken: {len(broken)} of its '
            f"{name}'s {len(named)} tensors hold NaN or infinite numbers, the first {broken[0]}; "
            "copy the model again."
        )


def _are_finite(weights: Sequence[torch.Tensor]) -> list[bool]:
    """Ask on the weights' own device, with one CPU-GPU sync point for all of them.

    The least or the greatest number is NaN or infinite if any is, and finding them is quick in
    every precision, unlike a sum or isfinite().
    """
    ends = torch.stack([torch.stack(torch.aminmax(weight)).float() for weight in weights])  # (n, 2)
    return ends.isfinite().all(dim=-1).tolist()


def _are_finite_in_memory(weights: Sequence[torch.Tensor]) -> list[bool]:
    """Ask on the CPU, by the numbers' bits, in the order in which they lie in a mapped file."""
    order = sorted(range(len(weights)), key=lambda index: weights[index].data_ptr())
    with ThreadPoolExecutor(_NUM_THREADS) as pool:
        found = dict(zip(order, pool.map(_is_finite, (weights[n] for n in order)), strict=True))
    return [found[index] for index in range(len(weights))]


def _is_finite(weight: torch.Tensor) -> bool:
    """Whether neither NaN nor infinity is among a weight's numbers.

    IEEE 754 gives them the exponent of all ones. So, read as integers, no positive number reaches
    infinity's bits, and read as unsigned integers no number reaches those of minus infinity.
    """
    signed, unsigned = _INTEGERS[weight.element_size()]
    infinity = int(torch.tensor(torch.inf, dtype=weight.dtype).view(signed))
    bits = _flat(weight).view(signed).numpy()
    negative = infinity - torch.iinfo(signed).min
    return all(
        part.max() < infinity and part.view(unsigned).max() < negative
        for part in (bits[at : at + _PART] for at in range(0, len(bits), _PART))
    )


def _flat(weight: torch.Tensor) -> torch.Tensor:
    """List a weight's numbers as they lie in memory, copied only where there are gaps."""
    channels_last = weight.ndim == 4 and weight.is_contiguous(memory_format=torch.channels_last)
    if channels_last:
        weight = weight.permute(0, 2, 3, 1)
    return weight.detach().reshape(-1)


def _shape(shape: Any) -> str:
    return " x ".join(map(str, shape)) or "a number"
