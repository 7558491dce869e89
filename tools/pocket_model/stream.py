"""The taught pictures and their captions, in endless shuffled rounds.

Legend: B batch.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import torch
from data import caption
from latents import Taught

EMPTY_SHARE = 0.1  # captions left out, for classifier-free guidance
WHITE_SHARE = 0.4  # of the pictures; the others lie over colours


def batches(
    taught: Taught, size: int, seed: int, *, empty_share: float = EMPTY_SHARE
) -> Iterator[tuple[list[str], torch.Tensor]]:
    """Yield captions and latents (B, 4, 16, 16) without end, every picture once an epoch."""
    draw, order = random.Random(seed), np.random.default_rng(seed)
    num_pictures, num_backgrounds = taught.latents.shape[:2]
    queue = np.empty(0, dtype=np.int64)
    while True:
        while len(queue) < size:
            queue = np.concatenate([queue, order.permutation(num_pictures)])
        rows, queue = queue[:size], queue[size:]
        places = np.where(
            order.random(size) < WHITE_SHARE, 0, order.integers(1, max(2, num_backgrounds), size)
        )
        captions = [
            ""
            if draw.random() < empty_share
            else caption(taught.items[row], taught.backgrounds[row][place], draw)
            for row, place in zip(rows, places, strict=True)
        ]
        yield captions, taught.latents[rows, places].float()
