"""The size of a base model's words, read from one tensor of its files. Light: no torch.

V words, D width.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.families.base import text_encoder_names
from textual_inversion.models.single_file.layout import read_checkpoint_layout

TABLE = "token_embedding.weight"
"""How the name of the token embeddings' tensor ends."""


def read_word_size(info: ModelInfo) -> float | None:
    """Return the size of the first text encoder's words, of which the rate "auto" is a share.

    It is the mean norm of the token embeddings (V, D) over the root of D. None where no
    .safetensors file has them in numbers that NumPy knows.
    """
    try:
        table = _table(*_place(info))
    except (OSError, ModelError, SafetensorError, TypeError):
        return None
    if table is None:
        return None
    norms: Any = np.linalg.norm(table.astype(np.float32), axis=-1)  # (V,)
    return float(norms.mean()) / table.shape[-1] ** 0.5


def _place(info: ModelInfo) -> tuple[Iterable[Path], str]:
    """Return the files that may hold the table, and how its name begins."""
    if not info.is_single_file:
        folder = info.folder / text_encoder_names(info.family)[0]
        return sorted(folder.glob("*.safetensors")), ""
    if info.folder.suffix.lower() != ".safetensors":
        return [], ""
    return [info.folder], read_checkpoint_layout(info.folder).format.text_encoders[0].prefix


def _table(files: Iterable[Path], prefix: str) -> np.ndarray[Any, Any] | None:
    for path in files:
        with safe_open(path, framework="numpy") as file:
            for key in file.keys():  # noqa: SIM118
                if key.startswith(prefix) and key.endswith(TABLE):
                    return file.get_tensor(key)
    return None
