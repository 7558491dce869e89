"""The name of an embedding in a file: mostly the file's name. Light: no torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.errors import EmbeddingError, printable
from textual_inversion.names import check_name

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding

PICTURES = (".png", ".webp", ".jxl", ".avif")
TOKEN_FILE = "token_identifier.txt"
_GENERIC = "learned_embeds"


def file_in(path: Path) -> Path:
    """Return the learned_embeds file of a folder of a concept, as the Hub and InvokeAI have them.

    Any other path is returned as it is.
    """
    if not path.is_dir():
        return path
    files = (path / f"{_GENERIC}{ending}" for ending in (".safetensors", ".bin", ".pt"))
    return next((file for file in files if file.is_file()), path)


def name_of(path: Path, embedding: Embedding, num_in_file: int) -> str:
    """Return the name of one of a file's embeddings."""
    if embedding.suffix == embedding.name:
        return _checked(embedding.name) or f"{printable(path.stem)}-{printable(embedding.name)}"
    if num_in_file > 1:
        return f"{_file_name(path, embedding.name)}-{embedding.suffix}"
    return _file_name(path, embedding.name)


def _file_name(path: Path, stored: str) -> str:
    stem = path.stem
    own = printable(stem)
    if path.suffix.lower() in PICTURES:
        return _checked(stored) or own
    if not stem.startswith(_GENERIC):
        return own
    inside = "" if stored == stem else stored
    return _token(path.parent) or _checked(inside) or _checked(path.absolute().parent.name) or own


def _token(folder: Path) -> str | None:
    """Read the word from a sd-concepts-library folder's token_identifier.txt, if there is one."""
    try:
        with (folder / TOKEN_FILE).open(encoding="utf-8") as file:
            word = file.read(200).strip()
    except (OSError, ValueError):
        return None
    return _checked(word.removeprefix("<").removesuffix(">"))


def _checked(name: str) -> str | None:
    try:
        return check_name(name)
    except EmbeddingError:
        return None
