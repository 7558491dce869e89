"""A file from elsewhere comes into the folder: its bytes are kept, its name made fit and free."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats.naming import file_in
from textual_inversion.errors import EmbeddingError
from textual_inversion.names import MAX_LENGTH, check_name, free_name
from textual_inversion.storage.atomic import os_errors, write_whole

_MAX_BYTES = 2**28  # a LoRA with embeddings in it


def copy_in(source: Path, folder: Path, *, taken: Callable[[str], bool]) -> Path:
    """Copy a file that holds embeddings into `folder`; return where it is now.

    It is the file that is there, where one of this name has the same content.

    Raises:
        EmbeddingError: It holds no embedding, or is too large.
        StorageError: It could not be read again or written.
    """
    source = file_in(source)
    embeddings = formats.read_all(source)
    if source.stat().st_size > _MAX_BYTES:
        raise EmbeddingError(f"{source} is too large to be copied; put it into {folder} by hand.")
    with os_errors(source, doing="read"):
        data = source.read_bytes()
    is_generic = source.stem.startswith("learned_embeds")
    stem = fit_name(embeddings[0].name if is_generic else source.stem)
    suffix = source.suffix.lower()
    same = folder / (stem + suffix)
    if same.is_file() and same.stat().st_size == len(data) and same.read_bytes() == data:
        return same
    name = free_name(stem, lambda one: taken(one) or (folder / (one + suffix)).exists())
    path = folder / (name + suffix)
    write_whole(path, data)
    return path


def fit_name(name: str) -> str:
    """Return the name with what no embedding's name may have replaced by a hyphen."""
    try:
        return check_name(name)
    except EmbeddingError:
        kept = "".join(char if char.isalnum() or char in "._- " else "-" for char in name)
        try:
            return check_name(kept.strip(".- ")[: MAX_LENGTH - 7].strip(".- "))
        except EmbeddingError:
            return "imported"
