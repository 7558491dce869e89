"""Captions as words and tags. Pure: text in, text out."""

from __future__ import annotations

import random


def vary_tags(
    words: str, *, shuffle: bool, dropout: float, rng: random.Random, keep: int = 0
) -> str:
    """Shuffle comma-separated tags and leave each out with probability `dropout`.

    The first `keep` tags stay where they are.
    """
    if not shuffle and dropout == 0:
        return words
    tags = [tag for tag in (part.strip() for part in words.split(",")) if tag]
    first, others = tags[:keep], tags[keep:]
    remaining = [tag for tag in others if rng.random() >= dropout]
    if shuffle:
        rng.shuffle(remaining)
    return ", ".join(first + remaining)
