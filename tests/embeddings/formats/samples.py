"""Small embeddings, and a way to compare them whole."""

import os
from pathlib import Path

import pytest
import torch

from textual_inversion.embeddings.embedding import Embedding

_BESIDE_THE_CHECKOUT = Path(__file__).parents[4] / "shared" / "data" / "embeddings"
PUBLISHED = Path(os.environ.get("TI_TEST_EMBEDDINGS", _BESIDE_THE_CHECKOUT))


def sd1(name="cat", num_vectors=2, width=8) -> Embedding:
    return Embedding(name, (_vectors(num_vectors, width),), 500, "v1-5-pruned", "6ce0161689")


def sdxl(name="cat") -> Embedding:
    return Embedding(name, (_vectors(2, 8), _vectors(2, 12)), 70)


def facts(embedding: Embedding):
    tensors = [(tensor.dtype, tensor.tolist()) for tensor in embedding.vectors]
    labels = (embedding.name, embedding.step, embedding.base_model, embedding.base_model_hash)
    return (*labels, tensors)


def bare(embedding: Embedding, name: str | None = None) -> Embedding:
    """Give what is left in A1111's layout: SDXL's vectors have no labels beside them there."""
    if len(embedding.vectors) == 1:
        return embedding
    return Embedding(name or embedding.name, embedding.vectors)


def only(found):
    """Give the one embedding of a file."""
    (embedding,) = found
    return embedding


def published(name: str) -> Path:
    path = PUBLISHED / name
    if not path.exists():
        pytest.skip(f"{name} is not on this machine")
    return path


def _vectors(num_vectors: int, width: int) -> torch.Tensor:
    return torch.randn(num_vectors, width, generator=torch.Generator().manual_seed(1)) / 50
