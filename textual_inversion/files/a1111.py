"""The dict that AUTOMATIC1111's programs keep an embedding in, in .pt files and in pictures.

One text encoder lies under `string_to_param`; SDXL's two under `clip_l` and `clip_g`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from textual_inversion.errors import EmbeddingError
from textual_inversion.files.embedding import Embedding
from textual_inversion.files.labels import label, name_in_key
from textual_inversion.files.tensors import SDXL_KEYS, checked, is_tensor, pick, plain

_ASTERISK = 265  # the token `*` in CLIP's vocabulary, which every reader expects to find here


def as_dict(embedding: Embedding) -> dict[str, Any]:
    """Lay the embedding out with the keys, and in the order, that these programs write."""
    vectors = plain(embedding)
    if len(vectors) == 1:
        tensors = {"string_to_token": {"*": _ASTERISK}, "string_to_param": {"*": vectors[0]}}
    else:
        tensors = dict(zip(SDXL_KEYS, vectors, strict=True))
    return tensors | {
        "name": embedding.name,
        "step": embedding.step,
        "sd_checkpoint": embedding.base_model_hash,
        "sd_checkpoint_name": embedding.base_model,
    }


def from_dict(data: object, path: Path) -> Embedding:
    """Find the embedding in what a file held: this layout, a dict of tensors, or one tensor."""
    if is_tensor(data):
        return label(checked([data], path), path)
    if not isinstance(data, dict):
        raise EmbeddingError(f"{path} is not an embedding: it holds a {type(data).__name__}.")
    key, vectors = _vectors(data, path)
    stored = data.get("name")
    return label(
        vectors,
        path,
        name=stored if isinstance(stored, str) else key and name_in_key(key),
        key=key,
        step=data.get("step"),
        base_model=data.get("sd_checkpoint_name"),
        base_model_hash=data.get("sd_checkpoint"),
    )


def _vectors(data: dict[Any, Any], path: Path) -> tuple[str | None, tuple[torch.Tensor, ...]]:
    if "string_to_param" in data:
        return None, checked([_only_entry(data["string_to_param"], path)], path)
    tensors = {key: value for key, value in data.items() if isinstance(key, str)}
    keys = pick((key for key, value in tensors.items() if is_tensor(value)), path)
    key = keys[0] if len(keys) == 1 else None
    return key, checked([tensors[key] for key in keys], path)


def _only_entry(params: object, path: Path) -> object:
    if isinstance(params, torch.nn.ParameterDict):
        # Its own methods are not trusted to fit the state that a file brought; look it up instead.
        params = vars(params).get("_parameters")
    if not isinstance(params, dict) or len(params) != 1:
        raise EmbeddingError(
            f"{path} does not hold exactly one word under string_to_param; save one word a file."
        )
    return next(iter(params.values()))
