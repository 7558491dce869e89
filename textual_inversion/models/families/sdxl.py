"""Stable Diffusion XL: CLIP-L and CLIP-G side by side, a pooled vector, and the picture's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from textual_inversion.models.families.base import (
    Config,
    Shapes,
    SingleFile,
    Sizes,
    TextEncoderKeys,
    read_sizes,
)

if TYPE_CHECKING:
    import torch

_CLIP_L = TextEncoderKeys("conditioner.embedders.0.transformer.")
_CLIP_G = TextEncoderKeys("conditioner.embedders.1.model.", is_open_clip=True)
_NUM_TIME_IDS = 6  # original size, crop corner, target size


class StableDiffusionXL:
    """Two text encoders, of widths 768 and 1280, and a native size of 1024 pixels."""

    name = "sdxl"
    title = "Stable Diffusion XL"
    pipeline = "StableDiffusionXLPipeline"
    classes: Mapping[str, str] = {
        "text_encoder": "transformers:CLIPTextModel",
        "text_encoder_2": "transformers:CLIPTextModelWithProjection",
        "unet": "diffusers:UNet2DConditionModel",
        "vae": "diffusers:AutoencoderKL",
    }
    has_clip_skip = False  # nor has it in A1111's web UI
    has_zero_negative = True  # as in diffusers' pipeline and A1111's web UI
    single_files = (
        SingleFile((_CLIP_L, _CLIP_G), 1024, vae={"scaling_factor": 0.13025, "force_upcast": True}),
    )

    def sizes(self, configs: Mapping[str, Config]) -> Sizes:
        return read_sizes(configs)

    def encode(
        self, model: Any, ids: torch.Tensor, clip_skip: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the penultimate layer, not normalized, and CLIP-G's pooled vector."""
        out = model(ids, output_hidden_states=True)
        return out.hidden_states[-2], getattr(out, "text_embeds", None)

    def added_conditioning(
        self, pooled: torch.Tensor | None, latents: torch.Tensor, vae_scale_factor: int
    ) -> dict[str, torch.Tensor] | None:
        """Return the pooled vector and six time ids, height first, of an uncropped picture."""
        import torch

        if pooled is None:
            return None
        height, width = (side * vae_scale_factor for side in latents.shape[-2:])
        rows = [[height, width, 0, 0, height, width]] * len(latents)
        return {
            "text_embeds": pooled.to(latents.dtype),
            "time_ids": torch.tensor(rows, device=latents.device, dtype=latents.dtype),
        }

    def added_unet_config(self, shapes: Shapes) -> Config:
        """Derive the widths of the embeddings of the pooled vector and of the six time ids."""
        added = shapes["model.diffusion_model.label_emb.0.0.weight"][1]
        pooled = shapes[_CLIP_G.prefix + "text_projection"][1]
        return {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (added - pooled) // _NUM_TIME_IDS,
            "projection_class_embeddings_input_dim": added,
        }
