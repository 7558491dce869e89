"""The size of a base model's words, in which the learning rate "auto" is told before a run."""

from __future__ import annotations

from functools import lru_cache

from textual_inversion.errors import TextualInversionError
from textual_inversion.models.catalog import ModelInfo, describe_model
from textual_inversion.models.word_size import read_word_size


def word_size(model: str) -> float | None:
    """Return the size of a model's words, read once a model; None where it is not known."""
    try:
        info = describe_model(model)
        return _size(info, info.changed_at)
    except (TextualInversionError, OSError):
        return None


@lru_cache(maxsize=8)
def _size(info: ModelInfo, changed_at: float) -> float | None:
    del changed_at
    return read_word_size(info)
