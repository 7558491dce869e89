"""The dict in which AUTOMATIC1111 stores an embedding, in .pt files and in pictures.

One text encoder lies under `string_to_param`; SDXL's two under `clip_l` and `clip_g`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.labels import labelled
from textual_inversion.embeddings.formats.metadata import notes_of
from textual_inversion.embeddings.formats.sets import MAX_KEYS, find_sets
from textual_inversion.embeddings.formats.shapes import SDXL_KEYS
from textual_inversion.embeddings.formats.validation import (
    checked,
    checked_vectors,
    gather,
    is_tensor,
)
from textual_inversion.errors import EmbeddingError

_ASTERISK = 265  # the token `*` in CLIP's vocabulary, which every reader expects to find here


def as_dict(embedding: Embedding) -> dict[str, Any]:
    """Return the embedding as AUTOMATIC1111's dict, with its keys in its order."""
    vectors = checked_vectors(embedding)
    if len(vectors) == 1:
        tensors = {"string_to_token": {"*": _ASTERISK}, "string_to_param": {"*": vectors[0]}}
    else:
        # AUTOMATIC1111 detaches every value of this dict, so all must be tensors.
        return dict(zip(SDXL_KEYS, vectors, strict=True))
    labels = {
        "name": embedding.name,
        "step": embedding.step,
        "sd_checkpoint": embedding.base_model_hash,
        "sd_checkpoint_name": embedding.base_model,
    }
    return tensors | labels | notes_of(embedding)


def from_dict(data: object, path: Path) -> list[Embedding]:
    """Read embeddings from a file's contents: this dict, a dict or list of tensors, or a tensor."""
    if isinstance(data, dict) and "string_to_param" in data:
        vectors = checked([_only_entry(data["string_to_param"], path)], path)
        shapes = {"*": tuple(vectors[0].shape)}
        (found,) = find_sets(shapes, path)
        return [labelled(found, vectors, data, path)]
    tensors, joined = _tensors(data, path)
    shapes = {key: tuple(tensor.shape) for key, tensor in tensors.items()}
    sets = find_sets(shapes, path, joined=joined)
    labels = data if isinstance(data, dict) else {}
    return [
        labelled(found, gather(found.encoders, tensors.__getitem__, path), labels, path)
        for found in sets
    ]


def _tensors(data: object, path: Path) -> tuple[dict[str, torch.Tensor], bool]:
    """Return the tensors by key, and whether all belong to one embedding."""
    if is_tensor(data):
        return {"*": data}, True
    if isinstance(data, dict):
        return {k: v for k, v in data.items() if isinstance(k, str) and is_tensor(v)}, False
    if isinstance(data, list | tuple) and data and len(data) <= MAX_KEYS:
        items = [item if isinstance(item, dict) else {"*": item} for item in data]
        named = [(f"{n}", k, v) for n, item in enumerate(items) for k, v in item.items()]
        return {f"{n}.{k}": v for n, k, v in named if isinstance(k, str) and is_tensor(v)}, True
    raise EmbeddingError(f"{path} is not an embedding: it holds a {type(data).__name__}.")


def _only_entry(params: object, path: Path) -> object:
    if isinstance(params, torch.nn.ParameterDict):
        # Its methods may fail on the state that a file has set, so the attribute is read.
        params = vars(params).get("_parameters")
    if not isinstance(params, dict) or len(params) != 1:
        raise EmbeddingError(
            f"{path} does not have exactly one tensor under string_to_param; save one embedding a "
            "file."
        )
    return next(iter(params.values()))
