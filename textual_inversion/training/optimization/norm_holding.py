"""Holding the vectors' norms near those of words, after each update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual_inversion.embeddings.norms import constrain_norms
from textual_inversion.settings import TrainSettings
from textual_inversion.training.optimization.averaging import vectors_in


def hold_norms(settings: TrainSettings, optimizer: Any, norms: Sequence[float]) -> None:
    """Move the vectors' norms towards the vocabulary's, one of `norms` for each text encoder."""
    if settings.norm == "free":
        return
    with vectors_in(optimizer) as all_vectors:
        for vectors, norm in zip(all_vectors, norms, strict=True):
            for rows in vectors:
                constrain_norms(rows, norm, settings.norm, strength=settings.norm_strength)
