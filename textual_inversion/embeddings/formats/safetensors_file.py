"""Embeddings as .safetensors: `emb_params`, or SDXL's `clip_l` and `clip_g`, and a few labels.

`emb_params` is the one key that A1111's family, InvokeAI, ComfyUI and diffusers all take.
"""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.labels import with_metadata
from textual_inversion.embeddings.formats.metadata import notes_of
from textual_inversion.embeddings.formats.sets import find_sets
from textual_inversion.embeddings.formats.shapes import BARE_KEYS, SDXL_KEYS
from textual_inversion.embeddings.formats.validation import checked_vectors, gather
from textual_inversion.errors import EmbeddingError
from textual_inversion.storage.atomic import write_whole

FORMAT_VERSION = "1"
MAX_HEADER_BYTES = 4 * 2**20


def write(path: Path, embedding: Embedding) -> None:
    """Write the embedding with its labels in the file's metadata."""
    vectors = checked_vectors(embedding)
    one_key = (embedding.key.lower(),) if embedding.key else BARE_KEYS[:1]
    keys = one_key if len(vectors) == 1 else SDXL_KEYS
    tensors: dict[str, torch.Tensor] = dict(zip(keys, vectors, strict=True))
    write_whole(path, dumps(tensors, _metadata(embedding)))


def read(path: Path) -> list[Embedding]:
    """Read the embeddings, whatever their keys."""
    _check_header(path)
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            keys = list(file.keys())
            shapes = {key: tuple(file.get_slice(key).get_shape()) for key in keys}
            sets = find_sets(shapes, path)  # before any tensor's bytes are touched
            read = [gather(found.encoders, file.get_tensor, path) for found in sets]
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise EmbeddingError(
            f"{path} is damaged or not a .safetensors file; download or save it again."
        ) from error
    return [
        with_metadata(found, vectors, metadata, path)
        for found, vectors in zip(sets, read, strict=True)
    ]


def _check_header(path: Path) -> None:
    """Raise EmbeddingError if the header is longer than any embedding or LoRA needs."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if MAX_HEADER_BYTES < length < path.stat().st_size:
        raise EmbeddingError(f"{path} is not an embedding: its header lists too many tensors.")


def dumps(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Serialize tensors and metadata as the bytes of a .safetensors file."""
    return safetensors.torch.save(tensors, {"format": "pt"} | (metadata or {}))


def _metadata(embedding: Embedding) -> dict[str, str]:
    labels = {
        "name": embedding.name,
        "step": str(embedding.step),
        "base_model": embedding.base_model,
        "base_model_hash": embedding.base_model_hash,
        "num_vectors": str(embedding.num_vectors),
        "format_version": FORMAT_VERSION,
    }
    return {key: value for key, value in labels.items() if value is not None} | notes_of(embedding)
