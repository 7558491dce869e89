"""The autoencoder of a single file: a whole model's, or a file that holds nothing else.

Such a file has the names of the CompVis code base, with or without the prefix that whole models
give them, or diffusers' own.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.families.base import Config, Shapes
from textual_inversion.models.single_file.building import build_on_meta, with_weights
from textual_inversion.models.single_file.layout import VAE

_OTHER_PREFIXES = (VAE, "vae.", "")


def vae_prefix(shapes: Shapes) -> str | None:
    """Find what stands before an autoencoder's names; None where the file holds none."""
    return next(
        (
            prefix
            for prefix in _OTHER_PREFIXES
            if prefix + "encoder.conv_in.weight" in shapes
            and prefix + "decoder.conv_out.weight" in shapes
        ),
        None,
    )


def load_vae_tensors(tensors: Mapping[str, torch.Tensor], family_config: Config) -> Any:
    """Build the autoencoder that the tensors hold; `family_config` tells what shapes do not.

    Raises:
        ModelError: They hold none, or a part of one.
    """
    from diffusers import AutoencoderKL

    prefix = vae_prefix({name: tuple(value.shape) for name, value in tensors.items()})
    if prefix is None:
        raise ModelError("The file holds no VAE of Stable Diffusion; choose another one.")
    own = {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
    config = _config({name: tuple(value.shape) for name, value in own.items()}, family_config)
    if not any(name.startswith("encoder.down_blocks.") for name in own):
        # diffusers asks for the prefix of whole models.
        whole = {VAE + name: value for name, value in own.items()}
        own = import_module("diffusers.loaders.single_file_utils").convert_ldm_vae_checkpoint(
            whole, config
        )
    return with_weights(build_on_meta(AutoencoderKL, **config), own, "VAE")


def _config(shapes: Shapes, family_config: Config) -> dict[str, Any]:
    """Derive diffusers' AutoencoderKL configuration."""
    if any(name.startswith("encoder.down_blocks.") for name in shapes):
        level, block, first = "encoder.down_blocks.", "resnets.", "{}.resnets.0.conv1.weight"
    else:
        level, block, first = "encoder.down.", "block.", "{}.block.0.conv1.weight"
    num_levels = _count(shapes, level)
    has_quant = "post_quant_conv.weight" in shapes
    return {
        "down_block_types": ("DownEncoderBlock2D",) * num_levels,
        "up_block_types": ("UpDecoderBlock2D",) * num_levels,
        "block_out_channels": tuple(
            shapes[level + first.format(number)][0] for number in range(num_levels)
        ),
        "layers_per_block": _count(shapes, f"{level}0.{block}"),
        "latent_channels": shapes["decoder.conv_in.weight"][1],
        "use_quant_conv": has_quant,
        "use_post_quant_conv": has_quant,
        **family_config,
    }


def _count(shapes: Shapes, prefix: str) -> int:
    numbers = {name[len(prefix) :].split(".")[0] for name in shapes if name.startswith(prefix)}
    return len({number for number in numbers if number.isdigit()})
