"""Stable Diffusion 1.x and 2.x: one CLIP text encoder, its last hidden state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual_inversion.models.families.base import (
    SCALED_LINEAR,
    Config,
    Shapes,
    SingleFile,
    Sizes,
    TextEncoderKeys,
    read_sizes,
)

if TYPE_CHECKING:
    import torch

_VERSION_1 = SingleFile((TextEncoderKeys("cond_stage_model.transformer."),), 512, num_heads=8)
# It uses the penultimate layer. The model of 768 pixels predicts the velocity, that of 512 the
# noise.
_VERSION_2 = SingleFile(
    (TextEncoderKeys("cond_stage_model.model.", is_open_clip=True, num_unused_layers=1),),
    768,
    {**SCALED_LINEAR, "prediction_type": "v_prediction"},
    prediction_varies=True,
    unet={"upcast_attention": True},
)


class StableDiffusion:
    """Versions 1.x and 2.x; they differ only where their configurations do."""

    name = "sd"
    title = "Stable Diffusion 1.x, 2.x"
    pipeline = "StableDiffusionPipeline"
    classes: Mapping[str, str] = {
        "text_encoder": "transformers:CLIPTextModel",
        "unet": "diffusers:UNet2DConditionModel",
        "vae": "diffusers:AutoencoderKL",
    }
    has_clip_skip = True
    has_zero_negative = False
    single_files = (_VERSION_1, _VERSION_2)

    def sizes(self, configs: Mapping[str, Config]) -> Sizes:
        return read_sizes(configs)

    def encode(self, model: Any, ids: torch.Tensor, clip_skip: int) -> tuple[torch.Tensor, None]:
        """Return hidden states (B, T, D) of the last layer or one before it, normalized."""
        if clip_skip == 1:
            return model(ids, output_hidden_states=False).last_hidden_state, None
        layers = model(ids, output_hidden_states=True).hidden_states
        inner = getattr(model, "text_model", model)  # transformers before 5.20 had one more shell
        return inner.final_layer_norm(layers[-min(clip_skip, len(layers))]), None

    def added_conditioning(
        self, pooled: torch.Tensor | None, latents: torch.Tensor, vae_scale_factor: int
    ) -> None:
        """Return None: the UNet is conditioned on the hidden states only."""

    def added_unet_config(self, shapes: Shapes) -> Config:
        """Return nothing: the usual configuration is complete."""
        return {}
