"""Validate a file's tensors as an embedding's vectors; nothing in the file is trusted.

n vectors, width numbers each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeGuard

import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import EmbeddingError

MAX_VECTORS = 1024  # a prompt holds 75; some files stack a few prompts' worth
MAX_WIDTH = 8192
SDXL_KEYS = ("clip_l", "clip_g")
BARE_KEYS = ("emb_params", "emp_params")  # the second is how OneTrainer spelled it

_DTYPES = {
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
}
_LORA = ("lora", "lokr", "loha", "hada_")
_MODEL = ("text_model.", "model.diffusion_model", "cond_stage_model", "first_stage_model", "unet.")


def checked(values: Iterable[object], path: Path | str) -> tuple[torch.Tensor, ...]:
    """Return copies of the values as fp32 CPU tensors (n, width), with one n for all.

    Raises:
        EmbeddingError: A value is not a finite matrix of vectors, or their numbers differ.
    """
    vectors = checked_each(values, path)
    counts = {tensor.shape[0] for tensor in vectors}
    if len(counts) > 1:
        raise EmbeddingError(
            f"{path} holds unequal numbers of vectors for the two text encoders; save it again."
        )
    return vectors


def checked_each(values: Iterable[object], path: Path | str) -> tuple[torch.Tensor, ...]:
    """Return each value as `checked` does; their numbers of vectors may differ."""
    return tuple(_one(value, path) for value in values)


def check_shape(shape: Iterable[int], path: Path | str) -> None:
    """Raise EmbeddingError for a shape that no embedding has, before the tensor is read."""
    *outer, width = tuple(shape) or (0,)
    rows = outer[0] if outer else 1
    if len(outer) > 1 or not 1 <= rows <= MAX_VECTORS or not 1 <= width <= MAX_WIDTH:
        found = " x ".join(str(size) for size in (*outer, width))
        raise EmbeddingError(
            f"{path} is not an embedding: it holds a tensor of {found} where vectors belong, "
            f"at most {MAX_VECTORS} of a width up to {MAX_WIDTH}."
        )


def gather(
    encoders: Iterable[Iterable[str]], tensor: Callable[[str], object], path: Path
) -> tuple[torch.Tensor, ...]:
    """Concatenate the tensors under each text encoder's keys: (n, width) each."""
    joined = [torch.cat(checked_each(map(tensor, keys), path)) for keys in encoders]
    return checked(joined, path)


def checked_vectors(embedding: Embedding) -> tuple[torch.Tensor, ...]:
    """Return an embedding's vectors to be written; EmbeddingError if they are not finite."""
    return checked(embedding.vectors, f"The embedding {embedding.name}")


def is_tensor(value: object) -> TypeGuard[torch.Tensor]:
    """Whether it is exactly a Tensor or Parameter; a subclass could run its own code."""
    return type(value) in (torch.Tensor, torch.nn.Parameter)


def _one(value: object, path: Path | str) -> torch.Tensor:
    if not is_tensor(value) or value.layout is not torch.strided or value.is_nested:
        raise EmbeddingError(f"{path} is not an embedding: its vectors are not a plain tensor.")
    check_shape(value.shape, path)  # a stride of 0 can claim any size in a few bytes
    if value.dtype not in _DTYPES or value.is_meta:
        raise EmbeddingError(f"{path} is not an embedding: its vectors have dtype {value.dtype}.")
    rows = value.detach().reshape(-1, value.shape[-1])  # (n, width)
    vectors = rows.to("cpu", torch.float32, copy=True).contiguous()
    if not vectors.isfinite().all():
        broken = [n for n, row in enumerate(vectors, start=1) if not row.isfinite().all()]
        shown = ", ".join(map(str, broken[:10])) + (", ..." if broken[10:] else "")
        raise EmbeddingError(
            f"{path} is broken: its vectors contain NaN or infinite numbers (number {shown} of "
            f"{len(vectors)}); use an earlier copy."
        )
    return vectors


def describe_keys(keys: list[str]) -> str:
    """Describe what a file with these keys holds instead of an embedding."""
    if not keys:
        return "it holds no tensor"
    if any(part in key.lower() for key in keys for part in _LORA):
        return "it looks like a LoRA, which belongs in another folder"
    if any(part in key for key in keys for part in _MODEL):
        return "it looks like a model or a part of one, which belongs in another folder"
    examples = ", ".join(key[:40] for key in keys[:3])
    return f"it holds {len(keys)} tensors ({examples}, ...) where one belongs"
