"""A random-weight model in the shape of SD 1.5, for timing: its numbers mean nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

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
