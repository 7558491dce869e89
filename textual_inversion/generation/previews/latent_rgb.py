"""Latents to colours by one small matrix, as a preview that needs no VAE.

A latent channel is nearly a mix of colours, so a matrix fitted by least squares shows what comes,
an eighth as wide and as high. A model's own matrix lies beside its parts, in latent_rgb.json; it is
written by `python -m tools.fit_latent_rgb`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from textual_inversion.models.base import BaseModel

FILE = "latent_rgb.json"
Rows = list[list[float]]

# Rows are latent channels, columns red, green and blue in [-1, 1]; a fifth row is added to all.
# SD: measured on 1.4 by keturn, discuss.huggingface.co/t/decoding-latents-to-rgb-without-upscaling/
# 23204; SDXL: `cheap_approximation` in AUTOMATIC1111's modules/sd_vae_approx.py, version 1.10.
_PUBLISHED: dict[str, Rows] = {
    "sd": [
        [0.298, 0.207, 0.208],
        [0.187, 0.286, 0.173],
        [-0.158, 0.189, 0.264],
        [-0.184, -0.271, -0.473],
    ],
    "sdxl": [
        [0.3448, 0.4168, 0.4395],
        [-0.1953, -0.0290, 0.0250],
        [0.1074, 0.0886, -0.0163],
        [-0.3730, -0.2499, -0.2088],
    ],
}


def latent_rgb(model: BaseModel) -> torch.Tensor:
    """Return the matrix (C + 1, 3) of a model, its last row the constant."""
    rows = _own(model.info.folder / FILE) or _PUBLISHED[model.info.family.name]
    constant = [[0.0] * 3] if len(rows) == 4 else []
    return torch.tensor([*rows, *constant])


def to_picture(latents: torch.Tensor, matrix: torch.Tensor) -> Image.Image:
    """Turn scaled latents (C, H, W) into a picture of W x H pixels."""
    flat = latents.float().cpu().permute(1, 2, 0)  # (H, W, C)
    colours = flat @ matrix[:-1] + matrix[-1]  # (H, W, 3), in [-1, 1]
    pixels = colours.nan_to_num().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(pixels.numpy())


@torch.no_grad()
def fit(model: BaseModel, pictures: list[Image.Image]) -> tuple[torch.Tensor, float]:
    """Fit the matrix (C + 1, 3) to pictures of one size by least squares.

    The second value is the share of the colours' variance that it explains.
    """
    known, wanted = [], []
    for picture in pictures:
        latents = model.scale_latents(model.encode_pictures([picture]).mean)[0]  # (C, H, W)
        height, width = latents.shape[1:]
        small = picture.resize((width, height), Image.Resampling.BOX)
        known.append(latents.cpu().flatten(1).T)  # (H * W, C)
        pixels = torch.from_numpy(np.asarray(small.convert("RGB"), dtype=np.float32))
        wanted.append(pixels.reshape(-1, 3) / 127.5 - 1)
    inputs, targets = torch.cat(known), torch.cat(wanted)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    matrix = torch.linalg.lstsq(inputs, targets).solution
    left = (targets - inputs @ matrix).square().sum()
    return matrix, float(1 - left / (targets - targets.mean(0)).square().sum())


def _own(path: Path) -> Rows | None:
    """Read a model's own matrix; None where it has none, or the file is not one."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        return [[float(value) for value in row] for row in rows] if _fits(rows) else None
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _fits(rows: list[list[float]]) -> bool:
    return len(rows) in {4, 5} and all(len(row) == 3 for row in rows)
