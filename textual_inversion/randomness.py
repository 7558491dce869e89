"""Randomness without a state: every draw has an address, and its seed is the address's hash.

A run that goes on at step 312 draws what it would have drawn there had it never stopped, so a
checkpoint needs no generator states, and previews cannot change a training.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def generator(*address: int | str) -> torch.Generator:
    """Return a CPU torch.Generator seeded by an address such as (seed, "noise", step)."""
    import torch

    return torch.Generator().manual_seed(_hash(address))


def python_random(*address: int | str) -> random.Random:
    """Return a random.Random seeded by an address."""
    return random.Random(_hash(address))


def _hash(address: tuple[int | str, ...]) -> int:
    digest = hashlib.sha256("/".join(str(part) for part in address).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
