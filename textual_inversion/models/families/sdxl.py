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
    unet_sizes,
)

if TYPE_CHECKING:
    import torch

_CLIP_L = TextEncoderKeys("conditioner.embedders.0.transformer.")
_CLIP_G = TextEncoderKeys("conditioner.embedders.1.model.", is_open_clip=True)
_NUM_TIME_IDS = 6  # original size, crop corner, target size


class StableDiffusionXL:
    """Vectors of two widths, 768 and 1280, at 1024 pixels."""

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
    single_files = (
        SingleFile((_CLIP_L, _CLIP_G), 1024, vae={"scaling_factor": 0.13025, "force_upcast": True}),
    )

    def sizes(self, configs: Mapping[str, Config]) -> Sizes:
        """Read the sizes from the configurations."""
        return unet_sizes(configs)

    def encode(
        self, model: Any, ids: torch.Tensor, clip_skip: int
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Take the last layer but one, not normalized, and the pooled vector that CLIP-G has."""
        out = model(ids, output_hidden_states=True)
        return out.hidden_states[-2], getattr(out, "text_embeds", None)

    def added_conditioning(
        self, pooled: torch.Tensor | None, latents: torch.Tensor, scale: int
    ) -> dict[str, torch.Tensor] | None:
        """Add the pooled vector and six numbers, height first: a picture that was not cropped."""
        import torch

        if pooled is None:
            return None
        height, width = (side * scale for side in latents.shape[-2:])
        rows = [[height, width, 0, 0, height, width]] * len(latents)
        return {
            "text_embeds": pooled.to(latents.dtype),
            "time_ids": torch.tensor(rows, device=latents.device, dtype=latents.dtype),
        }

    def added_unet_config(self, shapes: Shapes) -> Config:
        """Tell how wide the embeddings of the pooled vector and of the six numbers are."""
        added = shapes["model.diffusion_model.label_emb.0.0.weight"][1]
        pooled = shapes[_CLIP_G.prefix + "text_projection"][1]
        return {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": (added - pooled) // _NUM_TIME_IDS,
            "projection_class_embeddings_input_dim": added,
        }
