"""Norms of the learned vectors relative to those of the vocabulary's token embeddings.

Vectors with far greater norms dominate the rest of a prompt: unconstrained training reaches norms
of 20 where tokens have 0.4 (Directional Textual Inversion, arXiv:2512.13672).
"""

from __future__ import annotations

from typing import Literal

import torch

NormMode = Literal["free", "soft", "fixed"]


def mean_norm(table: torch.Tensor) -> float:
    """Return the mean norm of the vocabulary's token embeddings (V, D)."""
    return float(table.float().norm(dim=-1).mean())


@torch.no_grad()
def constrain_norms(rows: torch.Tensor, norm: float, mode: NormMode, *, strength: float) -> None:
    """Move the norms of rows (n, D) towards `norm`, in place, after an update.

    "soft" moves by the fraction `strength` of the difference, "fixed" by all of it, "free" not at
    all; rows of zeros stay as they are.
    """
    if mode == "free":
        return
    norms = rows.norm(dim=-1, keepdim=True)  # (n, 1)
    share = strength if mode == "soft" else 1.0
    targets = norms + share * (norm - norms)
    rows.mul_(torch.where(norms > 0, targets / norms.clamp(min=1e-12), 1.0))
