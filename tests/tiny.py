"""A tiny real stack: random weights in the true classes, written as a diffusers folder.

Nothing is downloaded and nothing is mocked; a stack of 64x64 pixels builds in a fraction of a
second and five training steps on it take about one.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

Kind = Literal["sd1", "sd2", "sdxl"]
WIDTHS = {"sd1": (32,), "sd2": (48,), "sdxl": (32, 40)}
WORDS = ("a", "photo", "of", "the", "cat", "dog", "red", "blue", "house", "on")


def tokenizer(pad: str = "<|endoftext|>") -> CLIPTokenizer:
    """Make a CLIP tokenizer that knows single characters and ten words."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789*.,-_!()[]{}:/'"
    vocab = {letter: place for place, letter in enumerate(letters)}
    merges: list[tuple[str, str]] = []
    for letter in letters:
        vocab[letter + "</w>"] = len(vocab)
    for word in WORDS:
        _merge(word, vocab, merges)
    for special in ("<|startoftext|>", "<|endoftext|>"):
        vocab[special] = len(vocab)
    return CLIPTokenizer(vocab=vocab, merges=merges, pad_token=pad, model_max_length=77)


def _merge(word: str, vocab: dict[str, int], merges: list[tuple[str, str]]) -> None:
    parts = [*word[:-1], word[-1] + "</w>"]
    while len(parts) > 1:
        pair = (parts[0], parts[1])
        if pair not in merges:
            merges.append(pair)
        parts = [parts[0] + parts[1], *parts[2:]]
        vocab.setdefault(parts[0], len(vocab))


def swapped_tokenizer(folder: Path, *words: str) -> Path:
    """Write a tokenizer of which two words have each other's ids."""
    tokenizer().save_pretrained(folder)
    file = folder / "tokenizer.json"
    told = json.loads(file.read_text())
    vocab = told["model"]["vocab"]
    first, second = (f"{word}</w>" for word in words)
    vocab[first], vocab[second] = vocab[second], vocab[first]
    file.write_text(json.dumps(told))
    return folder


def text_encoder(
    tokens: CLIPTokenizer, width: int, *, projection: bool = False
) -> CLIPTextModel | CLIPTextModelWithProjection:
    """Make a random CLIP text model of two layers."""
    config = CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=width,
        bos_token_id=tokens.bos_token_id,
        eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )
    return (CLIPTextModelWithProjection if projection else CLIPTextModel)(config)


def unet(context: int, *, extra: dict | None = None) -> UNet2DConditionModel:
    """Make a random UNet of two blocks on 8x8 latents."""
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=4,
        norm_num_groups=8,
        cross_attention_dim=context,
        **(extra or {}),
    )


def vae(factor: int = 8) -> AutoencoderKL:
    """Make a random autoencoder; `factor` is a power of two, the pixels of a side per latent."""
    blocks = factor.bit_length()
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=(8,) * blocks,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=64,
    )


def schedule(prediction: str = "epsilon") -> DDIMScheduler:
    """Make SD's scaled-linear noise schedule."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type=prediction,
    )


def build(folder: Path, kind: Kind = "sd1", *, seed: int = 0, factor: int = 8) -> Path:
    """Write a random stack of `kind` into `folder` as diffusers lays one out."""
    torch.manual_seed(seed)
    pipe = _sdxl() if kind == "sdxl" else _sd(kind, factor)
    pipe.save_pretrained(folder)
    return folder


def _sd(kind: Kind, factor: int) -> StableDiffusionPipeline:
    tokens = tokenizer(pad="!" if kind == "sd2" else "<|endoftext|>")
    (width,) = WIDTHS[kind]
    return StableDiffusionPipeline(
        vae=vae(factor),
        text_encoder=text_encoder(tokens, width),
        tokenizer=tokens,
        unet=unet(width),
        scheduler=schedule("v_prediction" if kind == "sd2" else "epsilon"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _sdxl() -> StableDiffusionXLPipeline:
    first, second = tokenizer(), tokenizer(pad="!")
    small, large = WIDTHS["sdxl"]
    extra = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 8 * 6 + large,
    }
    return StableDiffusionXLPipeline(
        vae=vae(),
        text_encoder=text_encoder(first, small),
        text_encoder_2=text_encoder(second, large, projection=True),
        tokenizer=first,
        tokenizer_2=second,
        unet=unet(small + large, extra=extra),
        scheduler=schedule(),
    )
