"""Embeddings as .safetensors: `emb_params`, or SDXL's `clip_l` and `clip_g`, and a few labels.

`emb_params` is the one key that A1111's family, InvokeAI, ComfyUI and diffusers all take.
"""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from textual_inversion.errors import EmbeddingError
from textual_inversion.files.embedding import Embedding
from textual_inversion.files.labels import label, name_in_key
from textual_inversion.files.storage import write_whole
from textual_inversion.files.tensors import BARE_KEYS, SDXL_KEYS, check_shape, checked, pick, plain

FORMAT_VERSION = "1"


def write(path: Path, embedding: Embedding) -> None:
    """Write the embedding with its labels in the file's metadata."""
    vectors = plain(embedding)
    one_key = (embedding.key,) if embedding.key else BARE_KEYS[:1]
    keys = one_key if len(vectors) == 1 else SDXL_KEYS
    tensors: dict[str, torch.Tensor] = dict(zip(keys, vectors, strict=True))
    write_whole(path, dumps(tensors, _metadata(embedding)))


def read(path: Path) -> Embedding:
    """Read an embedding under whichever key its program chose."""
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as file:
            keys = pick(file.keys(), path)
            vectors = checked([_tensor(file, key, path) for key in keys], path)
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise EmbeddingError(
            f"{path} is damaged or is no .safetensors file; download or save it again."
        ) from error
    return label(
        vectors,
        path,
        name=metadata.get("name") or name_in_key(keys[0]),
        key=keys[0] if len(keys) == 1 else None,
        step=metadata.get("step"),
        base_model=metadata.get("base_model"),
        base_model_hash=metadata.get("base_model_hash"),
    )


def dumps(tensors: dict[str, torch.Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Lay tensors and labels out as the bytes of a .safetensors file."""
    return safetensors.torch.save(tensors, {"format": "pt"} | (metadata or {}))


def _metadata(embedding: Embedding) -> dict[str, str]:
    labels = {
        "name": embedding.name,
        "step": str(embedding.step),
        "base_model": embedding.base_model,
        "base_model_hash": embedding.base_model_hash,
        "format_version": FORMAT_VERSION,
    }
    return {key: value for key, value in labels.items() if value is not None}


def _tensor(file: safetensors.safe_open, key: str, path: Path) -> torch.Tensor:
    check_shape(file.get_slice(key).get_shape(), path)  # before its bytes are touched
    return file.get_tensor(key)
