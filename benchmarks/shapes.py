"""A random-weight model in the shape of SD 1.5, for timing: its numbers mean nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch

POCKET = Path(__file__).resolve().parents[1] / "models" / "pocket"


def write_sd15_shape(folder: Path) -> Path:
    """Write it as a diffusers folder in half precision (2.1 GB), unless it is there."""
    if (folder / "model_index.json").exists():
        return folder
    from diffusers import (
        AutoencoderKL,
        DDPMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(POCKET / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
        num_attention_heads=12, max_position_embeddings=77, projection_dim=768,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float16)
    try:
        pipe = StableDiffusionPipeline(
            vae=AutoencoderKL(
                down_block_types=("DownEncoderBlock2D",) * 4,
                up_block_types=("UpDecoderBlock2D",) * 4,
                block_out_channels=(128, 256, 512, 512),
                layers_per_block=2,
                sample_size=512,
            ),
            unet=UNet2DConditionModel(
                sample_size=64, cross_attention_dim=768, attention_head_dim=8
            ),
            text_encoder=CLIPTextModel(text),
            tokenizer=tokenizer,
            scheduler=DDPMScheduler(
                beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    finally:
        torch.set_default_dtype(torch.float32)
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    pipe.save_pretrained(new)
    shutil.copytree(POCKET / "tokenizer", new / "tokenizer", dirs_exist_ok=True)
    new.replace(folder)
    return folder


def sdxl_shape(divisor: int = 1) -> tuple[Any, Any, Any, Any]:
    """Give SDXL's UNet, autoencoder and two text encoders, without memory for their weights.

    `divisor` makes the UNet's and the text encoders' layers narrower: 1, 2 or 5.
    """
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    narrow, wide = 768, 1280 // divisor
    first = CLIPTextConfig(
        vocab_size=49408, hidden_size=narrow, intermediate_size=3072, num_hidden_layers=12,
        num_attention_heads=12, projection_dim=narrow,
    )  # fmt: skip
    second = CLIPTextConfig(
        vocab_size=49408, hidden_size=wide, intermediate_size=4 * wide, num_hidden_layers=32,
        num_attention_heads=20 // divisor, projection_dim=wide, hidden_act="gelu",
    )  # fmt: skip
    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320 // divisor, 640 // divisor, wide),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10),
            attention_head_dim=(5 // divisor, 10 // divisor, 20 // divisor),
            cross_attention_dim=narrow + wide,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=1536 + wide,
        )
        vae = AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(128, 256, 512, 512),
            layers_per_block=2,
        )
        return unet, vae, CLIPTextModel(first), CLIPTextModelWithProjection(second)


def sd15_shape() -> tuple[Any, Any]:
    """Give SD 1.5's UNet and text encoder, without memory for their weights."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    text = CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12,
        num_attention_heads=12, max_position_embeddings=77, projection_dim=768,
    )  # fmt: skip
    with torch.device("meta"):
        unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        return unet, CLIPTextModel(text)
