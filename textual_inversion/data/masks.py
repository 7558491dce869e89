"""Which parts of a picture count: its transparency, as weights of the loss on the latents."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image


def loss_weights(mask: Image.Image | None, width: int, height: int) -> torch.Tensor:
    """Turn a grey mask into weights (1, height, width) of mean 1, for latents of that size.

    No mask, or one that is the same everywhere, weighs all alike. Half transparent is half the
    weight of opaque, whatever the rest of the mask holds.
    """
    if mask is None:
        return torch.ones(1, height, width)
    small = mask.convert("L").resize((width, height), Image.Resampling.BOX)
    weights = torch.from_numpy(np.array(small, dtype=np.float32))[None]  # (1, H, W)
    mean = weights.mean()
    return weights / mean if mean > 0 else torch.ones(1, height, width)


def cut_weights(
    weights: torch.Tensor, *, left: int, top: int, height: int, width: int
) -> torch.Tensor:
    """Take the part of weights (1, H, W) that belongs to a part of the picture, of mean 1 again."""
    if weights.shape[-2:] == (height, width):
        return weights
    part = weights[:, top : top + height, left : left + width]
    mean = part.mean()
    return part / mean if mean > 0 else torch.ones(1, height, width)
