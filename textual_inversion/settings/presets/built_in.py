"""The presets that ship with the program: only what differs from the defaults. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple


class Preset(NamedTuple):
    """What a preset is for, and the values of the settings that it sets."""

    title: str
    values: dict[str, Any]


BUILT_IN: dict[str, Preset] = {
    "quick": Preset(
        "A first look, in few steps",
        {"max_steps": 100, "save_image_every": 20, "save_embedding_every": 20},
    ),
    "balanced": Preset("Enough steps for most subjects", {"max_steps": 300}),
    "careful": Preset(
        "More steps, for more detail",
        {"max_steps": 1000, "save_image_every": 100, "save_embedding_every": 100},
    ),
    # Its Train tab, version 1.6; the size is left to the base model, whose 512 it has.
    "a1111": Preset(
        "AUTOMATIC1111's defaults",
        {
            "template": "style_filewords.txt",
            "learning_rate": "0.005",
            "learning_rate_steps": "absolute",
            "max_steps": 100_000,
            "batch_size": 1,
            "save_image_every": 500,
            "save_embedding_every": 500,
            "preview_prompt": "",
            "preview_cfg_scale": 7.0,
            "tag_dropout": 0.0,
            "latent_sampling": "once",
            "crop": "squash",
            "resampling": "bicubic",
            "optimizer": "adamw",
            "timesteps": "uniform",
            "hold_out_picture": False,
        },
    ),
    # Those of its textual_inversion.py; the size is left to the base model.
    "diffusers": Preset(
        "diffusers' defaults",
        {
            "template": "subject.txt",
            "learning_rate": "0.0001",
            "max_steps": 5000,
            "batch_size": 16,
            "flip": 0.5,
            "save_image_every": 0,
            "save_embedding_every": 500,
            "save_image_with_embedding": False,
            "tag_dropout": 0.0,
            "latent_sampling": "random",
            "crop": "squash",
            "resampling": "bicubic",
            "precision": "fp32",
            "optimizer": "adamw",
            "weight_decay": 0.01,
            "lr_scheduler": "constant",
            "timesteps": "uniform",
            "evaluate_every": 0,
            "hold_out_picture": False,
            "checkpoint_every": 500,
            "checkpoints_total_limit": 0,
        },
    ),
    "low-vram": Preset(
        "For a GPU with little memory",
        {"pictures_at_once": 1, "gradient_checkpointing": True, "vae_offload": True},
    ),
}
