"""Tiny stacks written twice: as diffusers lays them out, and as one file in the original layout."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests import tiny

# Names of parts of a block, diffusers' and the original's.
_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0", "conv2": "out_layers.3", "conv_shortcut": "skip_connection",
}  # fmt: skip
_UNET = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
    "mid_block.resnets.0": "middle_block.0", "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    # One block a level: of two levels the outer one has attention.
    "down_blocks.0.resnets.0": "input_blocks.1.0",
    "down_blocks.0.attentions.0": "input_blocks.1.1",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
    "down_blocks.1.resnets.0": "input_blocks.3.0",
    "up_blocks.0.resnets.0": "output_blocks.0.0",
    "up_blocks.0.resnets.1": "output_blocks.1.0",
    "up_blocks.0.upsamplers.0.conv": "output_blocks.1.1.conv",
    "up_blocks.1.resnets.0": "output_blocks.2.0",
    "up_blocks.1.attentions.0": "output_blocks.2.1",
    "up_blocks.1.resnets.1": "output_blocks.3.0",
    "up_blocks.1.attentions.1": "output_blocks.3.1",
}  # fmt: skip
_VAE = (
    (r"down_blocks\.(\d)\.resnets\.(\d)", r"down.\1.block.\2"),
    (r"down_blocks\.(\d)\.downsamplers\.0", r"down.\1.downsample"),
    (r"up_blocks\.(\d)\.resnets\.(\d)", lambda m: f"up.{3 - int(m[1])}.block.{m[2]}"),
    (r"up_blocks\.(\d)\.upsamplers\.0", lambda m: f"up.{3 - int(m[1])}.upsample"),
    (r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}"),
    (r"mid_block\.attentions\.0\.group_norm", "mid.attn_1.norm"),
    (r"mid_block\.attentions\.0\.to_out\.0", "mid.attn_1.proj_out"),
    (r"mid_block\.attentions\.0\.to_([qkv])", r"mid.attn_1.\1"),
    (r"conv_norm_out", "norm_out"),
    (r"conv_shortcut", "nin_shortcut"),
)  # fmt: skip
_OPEN_CLIP = (
    (r"^embeddings\.token_embedding\.weight", "token_embedding.weight"),
    (r"^embeddings\.position_embedding\.weight", "positional_embedding"),
    (r"^final_layer_norm", "ln_final"),
    (r"^encoder\.layers\.", "transformer.resblocks."),
    (r"layer_norm", "ln_"),
    (r"self_attn", "attn"),
    (r"mlp\.fc1", "mlp.c_fc"),
    (r"mlp\.fc2", "mlp.c_proj"),
)


def build(folder: Path, kind: tiny.Kind, tokenizer=tiny.tokenizer) -> dict[str, torch.Tensor]:
    """Write a random stack into `folder` and its tokenizer beside; give the original's tensors."""
    torch.manual_seed(0)
    tokens = tokenizer()
    tokens.save_pretrained(folder.parent / "tokenizer")
    vae, schedule = _vae(kind), tiny.schedule("v_prediction" if kind == "sd2" else "epsilon")
    pad = tokenizer(pad="!")
    if kind == "sdxl":
        first, second = _text(tokens, 32, "quick_gelu"), _text(pad, 40, "gelu", projects=True)
        pipe = StableDiffusionXLPipeline(
            vae=vae, text_encoder=first, text_encoder_2=second, tokenizer=tokens, tokenizer_2=pad,
            unet=_unet(kind, 72), scheduler=schedule,
        )  # fmt: skip
        texts = {**_clip(first, "conditioner.embedders.0.transformer."),
                 **_open_clip(second, "conditioner.embedders.1.model.")}  # fmt: skip
    else:
        used = pad if kind == "sd2" else tokens
        text = _text(used, 32, "gelu" if kind == "sd2" else "quick_gelu")
        unet = _unet(kind, 32)
        if kind == "sd2":  # a velocity at the last timestep is about the negative of what came in
            unet.conv_out.bias.data.sub_(2)
        pipe = StableDiffusionPipeline(
            vae=vae, text_encoder=text, tokenizer=used, unet=unet, scheduler=schedule,
            safety_checker=None, feature_extractor=None, requires_safety_checker=False,
        )  # fmt: skip
        texts = _clip(text, "cond_stage_model.transformer.")
        if kind == "sd2":
            texts = _open_clip(text, "cond_stage_model.model.", unused_layer=True)
    pipe.save_pretrained(folder)
    return {**_original_unet(pipe.unet), **_original_vae(vae), **texts}


def _unet(kind: str, context: int) -> UNet2DConditionModel:
    extra = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 8 * 6 + 40,
    }
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=8 if kind == "sd1" else (1, 1),
        use_linear_projection=kind != "sd1",
        cross_attention_dim=context,
        **(extra if kind == "sdxl" else {}),
    )


def _vae(kind: str) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(32, 32, 32, 64),
        layers_per_block=1,
        latent_channels=4,
        scaling_factor=0.13025 if kind == "sdxl" else 0.18215,
    )


def _text(tokens, width, activation, *, projects=False):
    config = CLIPTextConfig(
        vocab_size=len(tokens), hidden_size=width, intermediate_size=2 * width,
        num_hidden_layers=2, num_attention_heads=1, projection_dim=width, hidden_act=activation,
        bos_token_id=tokens.bos_token_id, eos_token_id=tokens.eos_token_id,
        pad_token_id=tokens.pad_token_id,
    )  # fmt: skip
    return (CLIPTextModelWithProjection if projects else CLIPTextModel)(config)


def _original_unet(unet):
    found = {}
    for name, value in unet.state_dict().items():
        old = next(old for old in sorted(_UNET, key=len, reverse=True) if name.startswith(old))
        rest = name.removeprefix(old)
        if ".resnets." in name:
            part = rest.split(".")[1]
            rest = rest.replace(part, _RESNET[part], 1)
        found[f"model.diffusion_model.{_UNET[old]}{rest}"] = value
    return found


def _original_vae(vae):
    found = {}
    for name, value in vae.state_dict().items():
        new = name
        for pattern, replacement in _VAE:
            new = re.sub(pattern, replacement, new)
        is_attention = ".attn_1." in new and value.ndim == 2
        found[f"first_stage_model.{new}"] = value[..., None, None] if is_attention else value
    return found


def _bare(model):
    return {name.removeprefix("text_model."): value for name, value in model.state_dict().items()}


def _clip(model, prefix):
    return {f"{prefix}text_model.{name}": value for name, value in _bare(model).items()}


def _open_clip(model, prefix, *, unused_layer=False):
    found, bare = {}, _bare(model)
    if unused_layer:
        bare |= {n.replace(".1.", ".2."): v for n, v in bare.items() if "layers.1." in n}
    for name, value in bare.items():
        if name == "text_projection.weight":
            found[f"{prefix}text_projection"] = value.T.contiguous()
        elif "q_proj" in name:
            joined = torch.cat([bare[name.replace("q_proj", f"{part}_proj")] for part in "qkv"])
            found[prefix + _renamed(name).replace("q_proj.", "in_proj_")] = joined
        elif "k_proj" not in name and "v_proj" not in name:
            found[prefix + _renamed(name)] = value
    return found


def _renamed(name):
    for pattern, replacement in _OPEN_CLIP:
        name = re.sub(pattern, replacement, name)
    return name
