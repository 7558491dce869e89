"""Randomness without a state: every draw has an address, and its seed is the address's hash.

A run that goes on at step 312 draws what it would have drawn there had it never stopped, so a
checkpoint needs no generator states, and previews cannot change a training.
"""

from __future__ import annotations

import hashlib
import random

import torch


def generator(*address: int | str) -> torch.Generator:
    """Make a CPU generator for an address such as (seed, "noise", step)."""
    return torch.Generator().manual_seed(_hash(address))


def draw(*address: int | str) -> random.Random:
    """Make Python's kind of generator for an address."""
    return random.Random(_hash(address))


def _hash(address: tuple[int | str, ...]) -> int:
    digest = hashlib.sha256("/".join(str(part) for part in address).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
