"""A loaded DeepDanbooru network of either kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Network:
    """A loaded network: its input size, its tags, and a function that scores a batch."""

    width: int
    height: int
    tags: Sequence[str]
    score: Callable[[Any], Any]
    """From (B, H, W, 3) to (B, number of tags), both numpy arrays of fp32."""
