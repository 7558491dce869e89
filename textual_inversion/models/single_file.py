"""Open a single-file checkpoint without the network: its shapes tell how the parts are built.

What a shape does not tell is as in all models of a kind: heads, groups and activations. The names
of tensors are translated by diffusers' own tables.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import torch
from torch import nn

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.single_file_layout import (
    TEXTS,
    UNET,
    VAE,
    CheckpointLayout,
    read_checkpoint_layout,
    read_pickled,
)
from textual_inversion.models.tokenizers import open_tokenizers

_TIME_NUMBERS = 6  # SDXL is told the original size, the crop's corner and the target size


def read_single(info: ModelInfo, dtype: torch.dtype) -> dict[str, Any]:
    """Read tokenizers, text encoders, UNet and autoencoder from one file."""
    layout = read_checkpoint_layout(info.folder)
    tensors = {name: tensor.to(dtype) for name, tensor in _tensors(info).items()}
    parts: dict[str, Any] = {"unet": _unet(layout, tensors), "vae": _vae(layout, tensors)}
    tokenizers = open_tokenizers(info)
    for place, (text, tokenizer) in enumerate(zip(TEXTS[layout.kind], tokenizers, strict=True)):
        ending = "" if place == 0 else "_2"
        parts[f"tokenizer{ending}"] = tokenizer
        parts[f"text_encoder{ending}"] = _text(layout, tensors, text, tokenizer)
    return parts


def _tensors(info: ModelInfo) -> dict[str, torch.Tensor]:
    if info.folder.suffix.lower() == ".safetensors":
        from safetensors.torch import load_file

        return load_file(info.folder)
    return read_pickled(info.folder)


def _names() -> Any:
    """Give diffusers' tables of names; typed Any, for pyright takes minutes to read them."""
    return import_module("diffusers.loaders.single_file_utils")


def _empty(kind: Any, *args: Any, **config: Any) -> Any:
    """Build a module whose weights take no memory yet."""
    from accelerate import init_empty_weights

    with init_empty_weights(include_buffers=False):
        return kind(*args, **config)


def _filled(module: nn.Module, tensors: dict[str, torch.Tensor], what: str) -> Any:
    missing, _ = module.load_state_dict(tensors, strict=False, assign=True)
    if missing:
        raise ModelError(f"The file lacks {len(missing)} tensors of its {what}, as {missing[0]}.")
    return module


def _unet(layout: CheckpointLayout, tensors: dict[str, torch.Tensor]) -> Any:
    from diffusers import UNet2DConditionModel

    config = unet_config(layout)
    return _filled(
        _empty(UNet2DConditionModel, **config),
        _names().convert_ldm_unet_checkpoint(tensors, config),
        "UNet",
    )


def unet_config(layout: CheckpointLayout) -> dict[str, Any]:
    """Derive diffusers' configuration of the UNet."""
    levels = _levels(layout)
    channels = [level[0][0] for level in levels]
    depths = [level[0][1] for level in levels]
    shapes = layout.shapes
    first = next(name for name in shapes if name.endswith("attn2.to_k.weight"))
    config: dict[str, Any] = {
        "sample_size": layout.size // layout.scale,
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
        "attention_head_dim": 8 if layout.kind == "sd1" else [max(1, c // 64) for c in channels],
        "use_linear_projection": len(shapes[UNET + "middle_block.1.proj_in.weight"]) == 2,
        "upcast_attention": layout.kind == "sd2",
    }
    if layout.kind == "sdxl":
        added = shapes[UNET + "label_emb.0.0.weight"][1]
        pooled = shapes[TEXTS["sdxl"][1] + "text_projection"][1]
        config["addition_embed_type"] = "text_time"
        config["addition_time_embed_dim"] = (added - pooled) // _TIME_NUMBERS
        config["projection_class_embeddings_input_dim"] = added
    return config


def _levels(layout: CheckpointLayout) -> list[list[tuple[int, int]]]:
    """List for each resolution its blocks: channels, and the depth of the attention in them."""
    levels: list[list[tuple[int, int]]] = [[]]
    for number in range(1, layout.count(UNET + "input_blocks.")):
        block = f"{UNET}input_blocks.{number}."
        if block + "0.op.weight" in layout.shapes:
            levels.append([])
            continue
        channels = layout.shapes[block + "0.out_layers.3.weight"][0]
        levels[-1].append((channels, layout.count(block + "1.transformer_blocks.")))
    return levels


def _vae(layout: CheckpointLayout, tensors: dict[str, torch.Tensor]) -> Any:
    from diffusers import AutoencoderKL

    num_levels = layout.count(VAE + "encoder.down.")
    first = VAE + "encoder.down.{}.block.0.conv1.weight"
    is_xl = layout.kind == "sdxl"
    config: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * num_levels,
        "up_block_types": ("UpDecoderBlock2D",) * num_levels,
        "block_out_channels": tuple(layout.shapes[first.format(n)][0] for n in range(num_levels)),
        "layers_per_block": layout.count(VAE + "encoder.down.0.block."),
        "latent_channels": layout.shapes[VAE + "post_quant_conv.weight"][0],
        "sample_size": layout.size,
        "scaling_factor": 0.13025 if is_xl else 0.18215,
        "force_upcast": is_xl,
    }
    return _filled(
        _empty(AutoencoderKL, **config),
        _names().convert_ldm_vae_checkpoint(tensors, config),
        "VAE",
    )


def _text(
    layout: CheckpointLayout, tensors: dict[str, torch.Tensor], prefix: str, tokenizer: Any
) -> Any:
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    config = _text_config(layout, prefix, tokenizer)
    projects = layout.kind == "sdxl" and prefix.endswith("model.")
    module = _empty(CLIPTextModelWithProjection if projects else CLIPTextModel, config)
    if prefix.endswith("transformer."):
        found = _names().convert_ldm_clip_checkpoint(tensors)
    else:
        found = _names().convert_open_clip_checkpoint(module, tensors, prefix=prefix)
    if not hasattr(module, "text_model"):  # how transformers names it depends on its version
        found = {name.removeprefix("text_model."): value for name, value in found.items()}
    return _filled(module, found, "text encoder")


def _text_config(layout: CheckpointLayout, prefix: str, tokenizer: Any) -> Any:
    """Describe OpenAI's CLIP (prefix ...transformer.) or OpenCLIP (prefix ...model.)."""
    from transformers import CLIPTextConfig

    shapes, is_open = layout.shapes, prefix.endswith("model.")
    words, width = layout.tables[TEXTS[layout.kind].index(prefix)]
    blocks = prefix + ("transformer.resblocks." if is_open else "text_model.encoder.layers.")
    inner = blocks + ("0.mlp.c_fc.weight" if is_open else "0.mlp.fc1.weight")
    # SD 2.x reads the last layer but one, so the last is left out.
    num_layers = layout.count(blocks) - (layout.kind == "sd2")
    return CLIPTextConfig(
        vocab_size=words,
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
