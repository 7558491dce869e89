"""The pocket model's art as the judge sees it, and which of it the judge is never trained on.

N pictures, S side in pixels.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from tools.pocket_model.data import CPU_GROUPS, STYLES, Item, held_out_concepts, load

SIDE = 64
# One concept in so many lacks one of its styles while the judge is trained.
_LACKS_A_STYLE = 8


@dataclass(frozen=True)
class Art:
    """All pictures: RGBA with the colours multiplied by alpha, uint8 (N, 4, S, S)."""

    pixels: torch.Tensor
    items: list[Item]
    names: list[str]
    """The concepts in the order of the judge's outputs."""
    concepts: torch.Tensor  # (N,) of `names`
    styles: torch.Tensor  # (N,) of `STYLES`

    def rows(self, concept: str) -> list[int]:
        """List the rows of a concept's pictures, in the order of `STYLES`."""
        found = [item for item in self.items if item.concept == concept]
        return [item.index for item in sorted(found, key=lambda item: STYLES.index(item.style))]


def open_art(cache: Path) -> Art:
    """Read the art from the cache folder and halve its sides."""
    pictures, items = load(cache)
    halves = [_halve(np.array(pictures[i : i + 512])) for i in range(0, len(pictures), 512)]
    names = sorted({item.concept for item in items})
    place = {name: index for index, name in enumerate(names)}
    return Art(
        torch.cat(halves),
        items,
        names,
        torch.tensor([place[item.concept] for item in items]),
        torch.tensor([STYLES.index(item.style) for item in items]),
    )


def _halve(rgba: np.ndarray) -> torch.Tensor:
    """Multiply colours by alpha and average 2x2 pixels: uint8 (B, 128, 128, 4) to (B, 4, S, S)."""
    pixels = torch.from_numpy(rgba).permute(0, 3, 1, 2).float()
    pixels[:, :3] *= pixels[:, 3:] / 255
    return shrink(pixels).round().byte()


def shrink(pixels: torch.Tensor) -> torch.Tensor:
    """Average equal blocks until the side is S: float (B, C, H, H) to (B, C, S, S)."""
    return torch.nn.functional.avg_pool2d(pixels, pixels.shape[-1] // SIDE)


def unseen_pairs(items: list[Item]) -> dict[str, str]:
    """Choose the concepts that lack one style in training, and that style.

    The concepts that the pocket model never saw keep all five: they are what is judged.
    """
    judged = set(held_out_concepts(items, CPU_GROUPS))
    names = sorted({item.concept for item in items} - judged)
    draw = random.Random("styles that the judge never sees")
    chosen = draw.sample(names, k=len(names) // _LACKS_A_STYLE)
    return {name: draw.choice(STYLES) for name in chosen}


def training_rows(items: list[Item]) -> list[int]:
    """List the rows that the judge is trained on: all but the unseen styles."""
    unseen = unseen_pairs(items)
    return [item.index for item in items if unseen.get(item.concept) != item.style]


def pocket_world(items: list[Item]) -> set[str]:
    """Name the concepts of the pocket model's groups that it was shown, or that were held out."""
    from tools.pocket_model.data import is_taught

    return {item.concept for item in items if is_taught(item, set())} | set(
        held_out_concepts(items, CPU_GROUPS)
    )
