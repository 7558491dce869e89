"""Render with the pocket model in batches, and put pictures on contact sheets.

Legend: N pictures, T token positions, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw

GUIDANCE = 3.0
NUM_STEPS = 20
CAPTION_PX = 14


def open_model(folder: Path, device: str) -> StableDiffusionPipeline:
    """Open the exported model as anybody would, in float32."""
    pipe = StableDiffusionPipeline.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    pipe.unet.to(memory_format=torch.channels_last)
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        part.requires_grad_(requires_grad=False)
    return pipe.to(device)


def embed(pipe: StableDiffusionPipeline, prompts: Sequence[str]) -> torch.Tensor:
    """Encode prompts as the pipeline does: (N, T, D)."""
    tokens = pipe.tokenizer(
        list(prompts), padding="max_length", max_length=77, truncation=True, return_tensors="pt"
    ).input_ids
    return pipe.text_encoder(tokens.to(pipe.device)).last_hidden_state


@torch.no_grad()
def render(
    pipe: StableDiffusionPipeline,
    prompts: Sequence[str] | torch.Tensor,
    *,
    seed: int = 0,
    guidance: float = GUIDANCE,
    batch: int = 32,
) -> torch.Tensor:
    """Sample one picture a prompt (texts, or embedded ones): latents (N, 4, 16, 16), scaled.

    Picture number i starts from the noise of `seed + i`, whatever the batch.
    """
    text = prompts if isinstance(prompts, torch.Tensor) else embed(pipe, prompts)
    empty = embed(pipe, [""])
    parts = []
    for start in range(0, len(text), batch):
        part = text[start : start + batch]
        draws = [torch.Generator().manual_seed(seed + start + i) for i in range(len(part))]
        result = pipe(
            prompt_embeds=part,
            negative_prompt_embeds=empty.expand(len(part), -1, -1),
            generator=draws,
            guidance_scale=guidance,
            num_inference_steps=NUM_STEPS,
            output_type="latent",
        )
        parts.append(result.images.cpu())
    return torch.cat(parts)


@torch.no_grad()
def decode(pipe: StableDiffusionPipeline, latents: torch.Tensor) -> np.ndarray:
    """Decode scaled latents to uint8 pictures: (N, 128, 128, 3)."""
    parts = [
        pipe.vae.decode(part.to(pipe.device) / pipe.vae.config.scaling_factor).sample.cpu()
        for part in latents.split(16)
    ]
    pixels = torch.cat(parts).clamp(-1, 1).permute(0, 2, 3, 1)
    return ((pixels + 1) * 127.5).round().byte().numpy()


def sheet(rows: Sequence[Sequence[np.ndarray | None]], captions: Sequence[str], path: Path) -> None:
    """Write rows of 128x128 pictures, a line of words above each row; None leaves a gap."""
    width = 128 * max(len(row) for row in rows)
    height = 128 + CAPTION_PX
    canvas = Image.new("RGB", (width, height * len(rows)), "white")
    pen = ImageDraw.Draw(canvas)
    for index, (row, words) in enumerate(zip(rows, captions, strict=True)):
        pen.text((3, index * height + 1), words, fill="black")
        for column, picture in enumerate(row):
            if picture is not None:
                spot = (128 * column, index * height + CAPTION_PX)
                canvas.paste(Image.fromarray(picture), spot)
    for quality in (90, 80, 65, 50):
        canvas.save(path, quality=quality, method=6)
        if path.stat().st_size < 290_000:
            return
