"""A file's metadata - name, step, base model - with invalid values dropped."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import printable
from textual_inversion.names import strip_brackets

if TYPE_CHECKING:
    import torch

MAX_STEP = 10**9
MAX_TEXT = 200
MAX_NOTE = 20_000

_NOTES = ("initialization_text", "settings", "date")
_GENERIC_KEYS = {
    *("*", "emb_params", "emp_params", "clip_l", "clip_g", "emb", "emb2"),
    *("text_encoders_0", "text_encoders_1"),
}


def make_embedding(
    vectors: tuple[torch.Tensor, ...],
    path: Path,
    *,
    name: object = None,
    key: str | None = None,
    step: object = None,
    base_model: object = None,
    base_model_hash: object = None,
    suffix: str | None = None,
    notes: Mapping[str, str] | None = None,
) -> Embedding:
    """Build an embedding from vectors and unchecked metadata; the default name is the file's."""
    return Embedding(
        name=_text(name) or path.stem,
        vectors=vectors,
        step=_count(step),
        base_model=_text(base_model),
        base_model_hash=_text(base_model_hash),
        key=key if key and name_in_key(key) else None,
        suffix=_text(suffix),
        **(notes or {}),
    )


def notes_of(embedding: Embedding) -> dict[str, str]:
    """Return the notes that an embedding has, by the keys that files keep them under."""
    notes = {key: getattr(embedding, key) for key in _NOTES}
    return {key: note for key, note in notes.items() if note}


def notes_in(data: Mapping[Any, Any]) -> dict[str, str]:
    """Return the notes in a file's labels; those of a wrong type or length are left out."""
    notes = {key: data.get(key) for key in _NOTES}
    return {
        key: printable(note)
        for key, note in notes.items()
        if isinstance(note, str) and 0 < len(note) <= MAX_NOTE
    }


def name_in_key(key: str) -> str | None:
    """Return the name in a key: cat-toy for `<cat-toy>`, None for a generic key (`emb_params`)."""
    if key in _GENERIC_KEYS or key.split(".")[0].isdecimal():
        return None
    return strip_brackets(key)


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return printable(" ".join(value.split())[:MAX_TEXT]) or None


def _count(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 12:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and 0 <= value <= MAX_STEP:
        return int(value)
    return 0
