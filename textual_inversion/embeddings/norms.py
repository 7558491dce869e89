"""How long the vectors are, against the words of the vocabulary.

Vectors that grow far longer than words overrule the rest of a prompt: free training reaches norms
of 20 where words have 0.4 (Directional Textual Inversion, arXiv:2512.13672).
"""

from __future__ import annotations

from typing import Literal

import torch

Mode = Literal["free", "soft", "fixed"]


def mean_norm(table: torch.Tensor) -> float:
    """Give the mean norm of the vocabulary's rows (V, D)."""
    return float(table.float().norm(dim=-1).mean())


@torch.no_grad()
def hold(rows: torch.Tensor, norm: float, mode: Mode, *, strength: float) -> None:
    """Bring rows (n, D) nearer to `norm`, in place, after an update.

    "soft" takes the share `strength` of the way, "fixed" all of it, "free" none; rows of zeros
    stay as they are.
    """
    if mode == "free":
        return
    lengths = rows.norm(dim=-1, keepdim=True)  # (n, 1)
    share = strength if mode == "soft" else 1.0
    wanted = lengths + share * (norm - lengths)
    rows.mul_(torch.where(lengths > 0, wanted / lengths.clamp(min=1e-12), 1.0))
