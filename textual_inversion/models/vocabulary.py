"""A base model's words and their vectors, read without the rest of the model.

V words, D width, n vectors, k nearest words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from textual_inversion.errors import ModelError
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.families.base import text_encoder_names
from textual_inversion.models.single_file.layout import read_checkpoint_layout, read_pickled
from textual_inversion.models.tokenizers import open_tokenizers
from textual_inversion.models.word_size import TABLE


@dataclass(frozen=True)
class Vocabulary:
    """One text encoder's token table (V, D), fp32, and its tokenizer."""

    tokenizer: Any
    table: torch.Tensor

    @property
    def mean_norm(self) -> float:
        """The mean length of the words' vectors."""
        return float(self.table.norm(dim=-1).mean())

    def nearest(self, vectors: torch.Tensor, count: int) -> list[list[tuple[str, float]]]:
        """Find for each of n vectors (n, D) the words of highest cosine, the highest first."""
        words = torch.nn.functional.normalize(self.table, dim=-1)
        cosines = torch.nn.functional.normalize(vectors.float(), dim=-1) @ words.T  # (n, V)
        values, ids = cosines.topk(min(count, len(self.table)))  # (n, k)
        return [
            list(zip(map(self._word, row.tolist()), value.tolist(), strict=True))
            for row, value in zip(ids, values, strict=True)
        ]

    def _word(self, token: int) -> str:
        return self.tokenizer.decode([token]).strip() or str(
            self.tokenizer.convert_ids_to_tokens(token)
        )


def read_vocabularies(info: ModelInfo) -> list[Vocabulary]:
    """Read the words of each text encoder of a model.

    Raises:
        ModelError: A text encoder has no table of tokens in a file that may be opened.
    """
    try:
        tables = _single_file(info) if info.is_single_file else _folder(info)
    except (OSError, LookupError, SafetensorError, StopIteration) as error:
        raise ModelError(
            f'The words of the base model "{info.name}" in {info.folder} cannot be read; '
            "copy the model again."
        ) from error
    rows = [table.float() for table in tables]  # (V, D)
    return [Vocabulary(*pair) for pair in zip(open_tokenizers(info), rows, strict=True)]


def _folder(info: ModelInfo) -> list[torch.Tensor]:
    return [
        _table(sorted((info.folder / n).glob("*.safetensors")))
        for n in text_encoder_names(info.family)
    ]


def _single_file(info: ModelInfo) -> list[torch.Tensor]:
    prefixes = [keys.prefix for keys in read_checkpoint_layout(info.folder).format.text_encoders]
    if info.folder.suffix.lower() == ".safetensors":
        return [_table([info.folder], prefix) for prefix in prefixes]
    tensors = read_pickled(info.folder)
    return [
        next(value for key, value in tensors.items() if _is_table(key, prefix))
        for prefix in prefixes
    ]


def _table(files: list[Path], prefix: str = "") -> torch.Tensor:
    """Find the table in one of the files, of which no other tensor is read."""
    for path in files:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118
                if _is_table(key, prefix):
                    return file.get_tensor(key)
    raise LookupError("no table of tokens")


def _is_table(key: str, prefix: str) -> bool:
    return key.startswith(prefix) and key.endswith(TABLE)
