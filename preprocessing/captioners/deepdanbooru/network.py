"""What both kinds of DeepDanbooru model open as."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Network:
    """A loaded network: what it takes, the tags it knows, and how it scores a batch."""

    width: int
    height: int
    tags: Sequence[str]
    score: Callable[[Any], Any]
    """From (B, H, W, 3) to (B, number of tags), both numpy arrays of fp32."""
