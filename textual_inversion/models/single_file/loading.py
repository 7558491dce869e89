"""Load a single-file checkpoint offline: configurations are derived from tensor shapes.

What shapes do not determine (heads, groups, activations) the model family defines. Tensor names
are converted by diffusers' own functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pkgutil import resolve_name
from typing import Any

import torch

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.families.base import (
    TextEncoderKeys,
    text_encoder_names,
    tokenizer_names,
)
from textual_inversion.models.single_file.building import build_on_meta, with_weights
from textual_inversion.models.single_file.large_pages import empty_like
from textual_inversion.models.single_file.layout import (
    UNET,
    VAE,
    CheckpointLayout,
    read_checkpoint_layout,
)
from textual_inversion.models.single_file.reading import read_changed
from textual_inversion.models.single_file.vae import load_vae_tensors
from textual_inversion.models.tokenizers import open_tokenizers


def load_single_file(
    info: ModelInfo, dtype: torch.dtype, *, unet_format: torch.memory_format
) -> dict[str, Any]:
    """Load tokenizers, text encoders, UNet and VAE from one file.

    A tensor that already has the dtype, and the UNet's memory format, stays in the mapped file;
    any other is copied once.
    """
    layout = read_checkpoint_layout(info.folder)
    prefixes = (UNET, VAE, *(keys.prefix for keys in layout.format.text_encoders))

    def change(name: str, tensor: torch.Tensor) -> torch.Tensor:
        memory_format = unet_format if name.startswith(UNET) else torch.preserve_format
        return _as_floats(name, tensor, dtype, memory_format)

    family = info.family
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read_changed, info.folder, prefixes, change)
        # Meanwhile everything is made that needs the names and shapes only.
        parts = dict(zip(tokenizer_names(family), open_tokenizers(info), strict=True))
        parts |= _modules(layout, parts)
        tensors = reading.result()
    parts["vae"] = load_vae_tensors(_under(tensors, VAE), _vae_config(layout))
    unet_tensors = _converters().convert_ldm_unet_checkpoint(tensors, unet_config(layout))
    with_weights(parts["unet"], unet_tensors, "UNet")
    for name, keys in zip(text_encoder_names(family), layout.format.text_encoders, strict=True):
        with_weights(parts[name], _text_tensors(parts[name], keys, tensors), "text encoder")
    return parts


def _modules(layout: CheckpointLayout, tokenizers: Mapping[str, Any]) -> dict[str, Any]:
    """Build the UNet and the text encoders without weights."""
    family = layout.family
    modules = {"unet": build_on_meta(resolve_name(family.classes["unet"]), **unet_config(layout))}
    for name, tokenizer, keys in zip(
        text_encoder_names(family), tokenizers.values(), layout.format.text_encoders, strict=True
    ):
        config = _text_config(layout, keys, tokenizer)
        modules[name] = build_on_meta(resolve_name(family.classes[name]), config)
    return modules


def _as_floats(
    name: str, tensor: torch.Tensor, dtype: torch.dtype, memory_format: torch.memory_format
) -> torch.Tensor:
    if name.endswith("weight") and not tensor.is_floating_point():
        raise ModelError(
            f"The file's tensor {name} is of the type {str(tensor.dtype).removeprefix('torch.')}, "
            "not floating-point numbers; use the model in full or half precision."
        )
    if tensor.ndim != 4:  # other formats are for a picture's sides alone
        memory_format = torch.preserve_format
    if tensor.dtype == dtype and memory_format == torch.preserve_format:
        return tensor
    return empty_like(tensor, dtype, memory_format).copy_(tensor)


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in tensors.items() if name.startswith(prefix)}


def _converters() -> Any:
    """Import diffusers' conversion functions; typed Any, as pyright takes minutes over them."""
    return import_module("diffusers.loaders.single_file_utils")


def unet_config(layout: CheckpointLayout) -> dict[str, Any]:
    """Derive diffusers' UNet2DConditionModel configuration from the checkpoint."""
    levels = _levels(layout)
    channels = [level[0][0] for level in levels]
    depths = [level[0][1] for level in levels]
    shapes = layout.shapes
    first = next(name for name in shapes if name.endswith("attn2.to_k.weight"))
    config: dict[str, Any] = {
        "sample_size": layout.format.size // layout.vae_scale_factor,
        "block_out_channels": tuple(channels),
        "layers_per_block": len(levels[0]),
        "down_block_types": ["CrossAttnDownBlock2D" if d else "DownBlock2D" for d in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if d else "UpBlock2D" for d in reversed(depths)],
        # The last number is also the middle block's, which always has attention.
        "transformer_layers_per_block": [
            *(depth or 1 for depth in depths[:-1]),
            layout.count(UNET + "middle_block.1.transformer_blocks."),
        ],
        "cross_attention_dim": shapes[first][1],
        "attention_head_dim": layout.format.num_heads or [max(1, c // 64) for c in channels],
        "use_linear_projection": len(shapes[UNET + "middle_block.1.proj_in.weight"]) == 2,
    }
    return {**config, **layout.format.unet, **layout.family.added_unet_config(shapes)}


def _levels(layout: CheckpointLayout) -> list[list[tuple[int, int]]]:
    """List each resolution's blocks as (channels, number of transformer layers)."""
    levels: list[list[tuple[int, int]]] = [[]]
    for number in range(1, layout.count(UNET + "input_blocks.")):
        block = f"{UNET}input_blocks.{number}."
        if block + "0.op.weight" in layout.shapes:
            levels.append([])
            continue
        channels = layout.shapes[block + "0.out_layers.3.weight"][0]
        levels[-1].append((channels, layout.count(block + "1.transformer_blocks.")))
    return levels


def _vae_config(layout: CheckpointLayout) -> dict[str, Any]:
    """Return what of the autoencoder's configuration its tensors' shapes do not tell."""
    usual = {"scaling_factor": 0.18215, "force_upcast": False, "sample_size": layout.format.size}
    return {**usual, **layout.format.vae}


def _text_tensors(
    module: Any, keys: TextEncoderKeys, tensors: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Select a text encoder's tensors, by the names that transformers gives them."""
    if keys.is_open_clip:
        weights = _converters().convert_open_clip_checkpoint(module, tensors, prefix=keys.prefix)
    else:
        weights = _clip(tensors, keys.prefix)
    if hasattr(module, "text_model"):  # that depends on the version of transformers
        return weights
    return {name.removeprefix("text_model."): value for name, value in weights.items()}


def _clip(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Select the tensors of OpenAI's CLIP; without prefix they have transformers' names."""
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _text_config(layout: CheckpointLayout, keys: TextEncoderKeys, tokenizer: Any) -> Any:
    """Derive the CLIPTextConfig of OpenAI's CLIP or of OpenCLIP."""
    from transformers import CLIPTextConfig

    shapes, prefix, is_open = layout.shapes, keys.prefix, keys.is_open_clip
    vocab_size, width = layout.token_table_shape(prefix)
    blocks = prefix + ("transformer.resblocks." if is_open else "text_model.encoder.layers.")
    inner = blocks + ("0.mlp.c_fc.weight" if is_open else "0.mlp.fc1.weight")
    num_layers = layout.count(blocks) - keys.num_unused_layers
    return CLIPTextConfig(
        vocab_size=vocab_size,
        hidden_size=width,
        intermediate_size=shapes[inner][0],
        num_hidden_layers=num_layers,
        num_attention_heads=max(1, width // 64),
        hidden_act="gelu" if is_open else "quick_gelu",
        projection_dim=shapes.get(prefix + "text_projection", (0, width))[1],
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
