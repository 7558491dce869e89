"""Validate a file's tensors as an embedding's vectors; nothing in the file is trusted.

n vectors, width numbers each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeGuard

import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.shapes import check_shape
from textual_inversion.errors import EmbeddingError

_DTYPES = {
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.float8_e4m3fn,
    torch.float8_e5m2,
}


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
