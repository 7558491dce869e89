"""The judge: a small residual network with four heads and an embedding.

B pictures, S side in pixels, E the embedding's width.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.judging.augment import NAMES, NO_NAME, Sample
from tools.pocket_model.data import STYLES

WIDTHS = (24, 48, 96, 192)
EMBEDDING = 128
# The concepts' logits are cosines times a learned sharpness that begins here.
_SHARPNESS = 12.0


@dataclass(frozen=True)
class Look:
    """What the judge makes of B pictures: logits, and embeddings of length 1."""

    concepts: torch.Tensor  # (B, concepts)
    styles: torch.Tensor  # (B, 5)
    backgrounds: torch.Tensor  # (B, 11)
    counts: torch.Tensor  # (B, 2)
    embeddings: torch.Tensor  # (B, E)


class Judge(nn.Module):
    """Looks at pictures (B, 3, S, S) in [-1, 1].

    A concept's logit is the cosine between the picture's embedding and the concept's, so that the
    embedding itself measures likeness. Background and count are read from averages over the picture
    at three depths, since they are not a matter of what is shown, and the style from how far values
    spread there as well, which tells a gradient from flat colours.
    """

    def __init__(self, num_concepts: int) -> None:
        super().__init__()
        self.stem = _convolution(3, WIDTHS[0], stride=2)
        self.stages = nn.ModuleList([Block(WIDTHS[0])])
        for before, width in itertools.pairwise(WIDTHS):
            self.stages.append(nn.Sequential(_convolution(before, width, stride=2), Block(width)))
        depths = sum(WIDTHS[1:])
        self.embed = nn.Linear(WIDTHS[-1], EMBEDDING)
        self.concepts = nn.Parameter(torch.randn(num_concepts, EMBEDDING) / EMBEDDING**0.5)
        self.sharpness = nn.Parameter(torch.tensor(_SHARPNESS))
        self.styles = nn.Linear(2 * depths, len(STYLES))
        self.backgrounds = nn.Linear(depths, len(NAMES))
        self.counts = nn.Linear(depths, 2)

    def forward(self, pixels: torch.Tensor) -> Look:
        """Look at pictures."""
        h = self.stem(pixels.contiguous(memory_format=torch.channels_last))
        means, spreads = [], []
        for stage in self.stages:
            h = stage(h)
            spread, mean = torch.std_mean(h.float(), (2, 3))
            means.append(mean)
            spreads.append(spread)
        depths = torch.cat(means[1:], 1)
        embeddings = F.normalize(self.embed(means[-1]), dim=1)
        cosines = embeddings @ F.normalize(self.concepts, dim=1).T
        return Look(
            self.sharpness * cosines,
            self.styles(torch.cat([depths, *spreads[1:]], 1)),
            self.backgrounds(depths),
            self.counts(depths),
            embeddings,
        )


class Block(nn.Module):
    """Two 3x3 convolutions whose result is added to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _convolution(width, width)
        self.second = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        )

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        """Keep the shape (B, C, H, W)."""
        return F.relu(h + self.second(self.first(h)))


def _convolution(before: int, width: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, stride, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
    )


def loss(look: Look, sample: Sample) -> torch.Tensor:
    """Add the heads' cross entropies; two things share the concept's probability evenly."""
    named = sample.backgrounds != NO_NAME
    concepts = sum(F.cross_entropy(look.concepts, column) for column in sample.concepts.T) / 2
    backgrounds = F.cross_entropy(look.backgrounds[named], sample.backgrounds[named])
    return (
        concepts
        + F.cross_entropy(look.styles, sample.styles)
        + 0.2 * backgrounds
        + 0.2 * F.cross_entropy(look.counts, sample.counts)
    )
