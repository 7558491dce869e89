"""A picture's mask or transparency as weights of the loss on its latents."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image


def loss_weights(mask: Image.Image | None, width: int, height: int) -> torch.Tensor:
    """Convert a grey mask to weights (1, height, width) of mean 1, for latents of that size.

    Without a mask, or with a uniform one, all weights are 1. A half transparent pixel has half the
    weight of an opaque one.
    """
    if mask is None:
        return torch.ones(1, height, width)
    small = mask.convert("L").resize((width, height), Image.Resampling.BOX)
    weights = torch.from_numpy(np.array(small, dtype=np.float32))[None]  # (1, H, W)
    mean = weights.mean()
    return weights / mean if mean > 0 else torch.ones(1, height, width)


def crop_weights(
    weights: torch.Tensor, *, left: int, top: int, height: int, width: int
) -> torch.Tensor:
    """Crop weights (1, H, W) to a part of the picture and normalize their mean to 1 again."""
    if weights.shape[-2:] == (height, width):
        return weights
    part = weights[:, top : top + height, left : left + width]
    mean = part.mean()
    return part / mean if mean > 0 else torch.ones(1, height, width)
