"""The labels that stand beside the vectors in a file. Light: no torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.metadata import make_embedding, notes_in
from textual_inversion.embeddings.formats.sets import TensorSet

if TYPE_CHECKING:
    import torch


def labelled(
    found: TensorSet, vectors: tuple[torch.Tensor, ...], data: Mapping[Any, Any], path: Path
) -> Embedding:
    """Make one of a torch file's embeddings, with the labels of A1111's dict where it has them."""
    stored = data.get("name")
    return make_embedding(
        vectors,
        path,
        name=stored if isinstance(stored, str) and not found.suffix else found.name,
        key=found.key,
        step=data.get("step"),
        base_model=data.get("sd_checkpoint_name"),
        base_model_hash=data.get("sd_checkpoint"),
        suffix=found.suffix,
        notes=notes_in(data),
    )


def with_metadata(
    found: TensorSet, vectors: tuple[torch.Tensor, ...], metadata: Mapping[str, str], path: Path
) -> Embedding:
    """Make one of the embeddings of a .safetensors file, with what its metadata says."""
    return make_embedding(
        vectors,
        path,
        name=found.name if found.suffix else metadata.get("name") or found.name,
        key=found.key,
        step=metadata.get("step"),
        base_model=metadata.get("base_model"),
        base_model_hash=metadata.get("base_model_hash"),
        suffix=found.suffix,
        notes=notes_in(metadata),
    )
