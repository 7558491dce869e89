"""Pictures to train and to check the judge on: the art on backgrounds, moved, scaled and blurred.

B pictures, S side in pixels; colours in [0, 1]. What is checked is made apart from what is trained
on: other seeds, and colours that training never used (`Kind`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch.nn import functional as F

from benchmarks.judging.art import SIDE, Art
from tools.pocket_model.data import BACKGROUNDS

Kind = Literal["training", "checking", "strange"]
"""Backgrounds: named colours up to 16 of 255 off in each channel, and a third without a name; named
ones 17 to 24 off, which training never shows; or new ones without a name: colours far from all
names, and gradients between two of them."""
NAMES = tuple(BACKGROUNDS)
NO_NAME = -1
_NAMED = torch.tensor(list(BACKGROUNDS.values())) / 255  # (11, 3)
_OFF = {"training": (0, 16), "checking": (17, 24)}
_FAR = 60 / 255
_WHITE_SHARE = 0.3
_STRANGE_SHARE = 1 / 3


@dataclass(frozen=True)
class Sample:
    """Pictures in [-1, 1] and what is right for each; a lone thing stands in both columns."""

    pixels: torch.Tensor  # (B, 3, S, S)
    concepts: torch.Tensor  # (B, 2)
    styles: torch.Tensor  # (B,)
    backgrounds: torch.Tensor  # (B,) of NAMES, or NO_NAME
    counts: torch.Tensor  # (B,) things but one: 0 or 1

    def __add__(self, other: Sample) -> Sample:
        return Sample(
            torch.cat([self.pixels, other.pixels]),
            torch.cat([self.concepts, other.concepts]),
            torch.cat([self.styles, other.styles]),
            torch.cat([self.backgrounds, other.backgrounds]),
            torch.cat([self.counts, other.counts]),
        )


def draw_singles(art: Art, rows: list[int], draw: torch.Generator, kind: Kind) -> Sample:
    """Put each row's thing on a background of its own."""
    backgrounds, labels = draw_backgrounds(len(rows), draw, kind)
    size = len(rows)
    things = _moved(
        _layers(art, rows),
        scales=uniform(draw, size, 0.72, 1.2),
        shifts=uniform(draw, (size, 2), -0.2, 0.2),
        turns=uniform(draw, size, -0.15, 0.15),
    )
    concepts = art.concepts[rows, None].expand(-1, 2)
    pixels = _disturbed(_over(things, backgrounds), draw)
    return Sample(pixels, concepts, art.styles[rows], labels, torch.zeros(size, dtype=torch.long))


def draw_pairs(
    art: Art, rows: list[int], others: list[int], draw: torch.Generator, kind: Kind
) -> Sample:
    """Put each row's thing beside another one; which stands on the left is drawn."""
    backgrounds, labels = draw_backgrounds(len(rows), draw, kind)
    size = len(rows)
    side = torch.where(uniform(draw, size, 0, 1) < 0.5, -1.0, 1.0)
    pixels = backgrounds
    for some, sign in ((rows, side), (others, -side)):
        shifts = torch.stack(
            [sign * uniform(draw, size, 0.38, 0.55), uniform(draw, size, -0.2, 0.2)], 1
        )
        moved = _moved(
            _layers(art, some),
            scales=uniform(draw, size, 0.42, 0.6),
            shifts=shifts,
            turns=uniform(draw, size, -0.1, 0.1),
        )
        pixels = _over(moved, pixels)
    concepts = torch.stack([art.concepts[rows], art.concepts[others]], 1)
    return Sample(
        _disturbed(pixels, draw), concepts, art.styles[rows], labels,
        torch.ones(size, dtype=torch.long),
    )  # fmt: skip


def draw_backgrounds(
    count: int, draw: torch.Generator, kind: Kind
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw backgrounds (B, 3, S, S) and which names they have (B,)."""
    if kind == "strange":
        return _strange(count, draw), torch.full((count,), NO_NAME)
    labels = torch.randint(len(NAMES), (count,), generator=draw)
    labels[uniform(draw, count, 0, 1) < _WHITE_SHARE] = NAMES.index("white")
    least, most = _OFF[kind]
    off = torch.randint(least, most + 1, (count, 3), generator=draw) / 255
    signs = torch.where(uniform(draw, (count, 3), 0, 1) < 0.5, -1.0, 1.0)
    colours = (_NAMED[labels] + off * signs).clamp(0, 1)
    backgrounds = colours[..., None, None].expand(-1, -1, SIDE, SIDE)
    if kind == "training":
        strange = uniform(draw, count, 0, 1) < _STRANGE_SHARE
        backgrounds = torch.where(strange[:, None, None, None], _strange(count, draw), backgrounds)
        labels[strange] = NO_NAME
    return backgrounds, labels


def _strange(count: int, draw: torch.Generator) -> torch.Tensor:
    many = torch.rand(16 * (count + 8), 3, generator=draw)
    far = many[torch.cdist(many, _NAMED).amin(1) > _FAR]
    first, second = far[:count], far[count : 2 * count]
    second = torch.where(uniform(draw, (count, 1), 0, 1) < 0.5, first, second)
    ramp = torch.linspace(0, 1, SIDE)[None, None, :, None]
    mixed = first[..., None, None] * (1 - ramp) + second[..., None, None] * ramp
    return mixed.expand(-1, -1, SIDE, SIDE)


def wander(pixels: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Move finished pictures (B, 3, S, S) in [0, 1] a little, their rims drawn out."""
    size = len(pixels)
    moved = _moved(
        pixels,
        scales=uniform(draw, size, 0.92, 1.08),
        shifts=uniform(draw, (size, 2), -0.08, 0.08),
        turns=torch.zeros(size),
        padding="border",
    )
    return _disturbed(moved, draw)


def _layers(art: Art, rows: list[int]) -> torch.Tensor:
    return art.pixels[rows].float() / 255


def _over(things: torch.Tensor, backgrounds: torch.Tensor) -> torch.Tensor:
    return things[:, :3] + (1 - things[:, 3:]) * backgrounds


def _moved(
    layers: torch.Tensor,
    *,
    scales: torch.Tensor,
    shifts: torch.Tensor,
    turns: torch.Tensor,
    padding: str = "zeros",
) -> torch.Tensor:
    """Scale (B,), turn by radians (B,) and shift by halves of the side (B, 2)."""
    cos, sin = turns.cos() / scales, turns.sin() / scales
    across = -(cos * shifts[:, 0] - sin * shifts[:, 1])
    down = -(sin * shifts[:, 0] + cos * shifts[:, 1])
    rows = [torch.stack([cos, -sin, across], 1), torch.stack([sin, cos, down], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(layers.shape), align_corners=False)
    return F.grid_sample(layers, grid, padding_mode=padding, align_corners=False)


def _disturbed(pixels: torch.Tensor, draw: torch.Generator) -> torch.Tensor:
    """Change light and colours a little, blur some, add noise to some: to [-1, 1]."""
    size = len(pixels)
    gains = uniform(draw, (size, 3, 1, 1), 0.93, 1.07)
    lights = uniform(draw, (size, 1, 1, 1), -0.03, 0.03)
    pixels = pixels * gains + lights
    blurred = F.avg_pool2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    weights = uniform(draw, (size, 1, 1, 1), -0.8, 1).clamp(min=0)
    pixels = torch.lerp(pixels, blurred, weights)
    noise = torch.randn(pixels.shape, generator=draw)
    levels = uniform(draw, (size, 1, 1, 1), -0.03, 0.03).clamp(min=0)
    return (pixels + noise * levels).clamp(0, 1) * 2 - 1


def uniform(
    draw: torch.Generator, shape: int | tuple[int, ...], least: float, most: float
) -> torch.Tensor:
    """Draw evenly from [least, most)."""
    return least + (most - least) * torch.rand(shape, generator=draw)
