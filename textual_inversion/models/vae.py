"""A separate VAE in place of the base model's own: a diffusers folder or a single file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.checks.config import check_folder, read_config
from textual_inversion.models.listing.vaes import find_vae
from textual_inversion.models.single_file.reading import read_tensors
from textual_inversion.models.single_file.vae import load_vae_tensors

# What a single file does not tell and a base model's own autoencoder does.
_FROM_BASE_MODEL = (
    "scaling_factor", "shift_factor", "force_upcast", "sample_size", "norm_num_groups",
)  # fmt: skip


def load_vae(name: str, info: ModelInfo, own: Any, dtype: torch.dtype) -> Any:
    """Load the VAE that the setting names, for a model whose `own` VAE is open.

    Raises:
        ModelError: There is none, it is damaged, or its latents are not those of the model's UNet.
    """
    path = find_vae(name)
    vae = _from_folder(path, dtype) if path.is_dir() else _from_file(path, own, dtype)
    scale = 2 ** (len(vae.config.block_out_channels) - 1)
    channels, expected = vae.config.latent_channels, own.config.latent_channels
    if (channels, scale) != (expected, info.vae_scale_factor):
        raise ModelError(
            f"The VAE {path} makes latents of {channels} channels, {scale} pixels of a side each, "
            f"and the base model {info.name} takes {expected} channels of {info.vae_scale_factor} "
            "pixels; choose a VAE of the model's family."
        )
    return vae


def _from_folder(path: Path, dtype: torch.dtype) -> Any:
    from diffusers import AutoencoderKL

    read_config(path / "config.json")
    variant = check_folder(path)
    return AutoencoderKL.from_pretrained(
        str(path), torch_dtype=dtype, local_files_only=True, use_safetensors=True, variant=variant
    )


def _from_file(path: Path, own: Any, dtype: torch.dtype) -> Any:
    defaults = {key: own.config[key] for key in _FROM_BASE_MODEL if key in own.config}
    tensors = {name: tensor.to(dtype) for name, tensor in read_tensors(path).items()}
    return load_vae_tensors(tensors, defaults)
