"""The pocket model's parts, untrained: UNet, text encoder and noise schedule, all plain diffusers.

SD 1's design, made small: the UNet works on 16x16 latents and attends to the text at 8x8 and in
the middle only, where attention is cheap and the picture's identity is decided.
"""

from __future__ import annotations

from typing import Literal

from diffusers import DDPMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from tokenizer import POSITIONS
from transformers import CLIPTextConfig, CLIPTextModel

Target = Literal["noise", "velocity"]
PREDICTION_TYPES: dict[Target, str] = {"noise": "epsilon", "velocity": "v_prediction"}
WIDTH = 192  # of the token vectors; unlike SD 1's 768 and SD 2's 1024, so nothing passes for those
# The latents' deviation while noise is added, as SD's scaling factor makes it.
SIGNAL_STD = 1.0
SCHEDULE = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}


def make_unet() -> UNet2DConditionModel:
    """Build the untrained UNet (12.4 M parameters)."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(64, 128, 256),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=(2, 4, 8),  # diffusers' name for the number of heads: 32 wide each
        cross_attention_dim=WIDTH,
        norm_num_groups=16,
    )


def make_text_encoder(num_entries: int) -> CLIPTextModel:
    """Build the untrained text encoder (2.2 M parameters at 4,515 entries)."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=num_entries,
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=3,
            num_attention_heads=6,
            max_position_embeddings=POSITIONS,
            bos_token_id=num_entries - 2,
            eos_token_id=num_entries - 1,
            pad_token_id=num_entries - 1,
        )
    )


def training_schedule() -> DDPMScheduler:
    """Return SD 1's scaled-linear noise schedule, for training."""
    return DDPMScheduler(**SCHEDULE, clip_sample=False)


def sampling_schedule(target: Target) -> DPMSolverMultistepScheduler:
    """Return DPM++ 2M on the same schedule, for a UNet that predicts `target`."""
    return DPMSolverMultistepScheduler(
        **SCHEDULE, prediction_type=PREDICTION_TYPES[target], steps_offset=1
    )
