"""A start for SDXL from an embedding of SD 1.x.

Both read CLIP-L, so its vectors are kept. CLIP-G has the same tokens in the same order: its vectors
are those of the tokens that are nearest to the given ones in CLIP-L.

V tokens, n vectors, D width, k nearest tokens.
"""

from __future__ import annotations

import torch

from textual_inversion.embeddings.workshop.operations import Vectors
from textual_inversion.errors import EmbeddingError
from textual_inversion.models.vocabulary import Vocabulary

_NEAREST = 4


def seed_sdxl(vectors: torch.Tensor, clip_l: Vocabulary, clip_g: Vocabulary) -> Vectors:
    """Return CLIP-L's vectors (n, D) as they are, and the start of CLIP-G's.

    These are the nearest tokens' vectors, weighed by their cosines, as long beside CLIP-G's words
    as the given ones beside CLIP-L's.

    Raises:
        EmbeddingError: The two text encoders do not have the same tokens.
    """
    if len(clip_l.table) != len(clip_g.table):
        raise EmbeddingError("The base model's two text encoders have different tokens.")
    words = torch.nn.functional.normalize(clip_l.table, dim=-1)
    cosines = torch.nn.functional.normalize(vectors, dim=-1) @ words.T  # (n, V)
    weights, ids = cosines.topk(min(_NEAREST, len(words)))  # (n, k)
    mixed = (weights.clamp(min=1e-6).unsqueeze(-1) * clip_g.table[ids]).sum(1)  # (n, D)
    lengths = vectors.norm(dim=-1, keepdim=True) / clip_l.mean_norm * clip_g.mean_norm
    return vectors, torch.nn.functional.normalize(mixed, dim=-1) * lengths
