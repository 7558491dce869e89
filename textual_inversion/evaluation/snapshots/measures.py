"""The measures of generated pictures, from features of any kind. Pure.

All features are rows of a matrix. N training pictures, P prompts, S seeds, F features.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn.functional import normalize


class Measured(NamedTuple):
    """A measure of each picture (P * S,), and of all together."""

    each: torch.Tensor
    all: float


def likeness(drawn: torch.Tensor, training: torch.Tensor) -> Measured:
    """Compute the mean cosine similarity of pictures (P * S, F) with training pictures (N, F).

    Sec. 5 of arXiv:2208.01618, with CLIP's features; arXiv:2208.12242 takes DINO's. In [-1, 1].
    """
    each = cosines(drawn, training).mean(1)
    return Measured(each, float(each.mean()))


def intersection(drawn: torch.Tensor, training: torch.Tensor) -> Measured:
    """Compute the mean intersection of histograms (P * S, F) with those of training pictures.

    Swain and Ballard, Color Indexing (1991), eq. 1: the share of colours in common, in [0, 1].
    """
    each = torch.minimum(drawn[:, None], training[None]).sum(2).mean(1)
    return Measured(each, float(each.mean()))


def text_agreement(drawn: torch.Tensor, texts: torch.Tensor) -> Measured:
    """Compute the mean cosine similarity of each picture (P * S, F) with its text (P * S, F).

    Sec. 5 of arXiv:2208.01618, where texts leave out the learned word. In [-1, 1].
    """
    each = (normalize(drawn, dim=1) * normalize(texts, dim=1)).sum(1)
    return Measured(each, float(each.mean()))


def concordance(drawn: torch.Tensor, word: torch.Tensor) -> Measured:
    """Compare how pictures change from prompt to prompt with how the class word's pictures change.

    Both are (P, S, F), from the same prompts and seeds. What a seed's pictures have in common is
    taken off, and what is left is compared by Lin's concordance correlation coefficient
    (Biometrics 45, 1989): 1 where the pictures change as those of the class word, 0 where they do
    not change at all or in unrelated ways. In [-1, 1].
    """
    ours, theirs = drawn - drawn.mean(0), word - word.mean(0)
    both = 2 * (ours * theirs).sum(2)
    scale = ours.square().sum(2) + theirs.square().sum(2)
    each = both / scale.clamp_min(torch.finfo(scale.dtype).tiny)
    return Measured(each.flatten(), float(both.sum() / scale.sum().clamp_min(1e-12)))


def diversity(drawn: torch.Tensor) -> float:
    """Compute 1 - the mean cosine similarity of every two different pictures (P * S, F); [0, 2]."""
    count = len(drawn)
    table = cosines(drawn, drawn)
    pairs = count * (count - 1)
    return float(1 - (table.sum() - table.diagonal().sum()) / pairs)


def balance(one: float, other: float) -> float:
    """Compute the harmonic mean of two measures; 0 where one is not above 0."""
    return 2 * one * other / (one + other) if min(one, other) > 0 else 0.0


def cosines(rows: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
    """Compute the cosine similarity of each row of one matrix with each of another."""
    return normalize(rows, dim=1) @ normalize(columns, dim=1).T
