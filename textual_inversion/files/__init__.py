"""Embedding files in and out; the extension says which format.

Importing the package costs nothing: torch and Pillow are loaded by the first read or write.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.errors import EmbeddingError
from textual_inversion.names import check_name

if TYPE_CHECKING:
    from textual_inversion.files.embedding import Embedding

TORCH = (".pt", ".bin")
SAFETENSORS = (".safetensors",)
PICTURES = (".png", ".webp", ".jxl", ".avif")
READABLE = (*TORCH, *SAFETENSORS, *PICTURES)
WRITABLE = (*TORCH, *SAFETENSORS)


def read(path: Path) -> Embedding:
    """Read an embedding file of any kind.

    The file's name names the embedding, as in every program that keeps a folder of them. The name
    stored inside is taken from pictures, and from diffusers' `learned_embeds` files, which are all
    called the same.

    Raises:
        EmbeddingError: There is no such file, or it does not hold an embedding.
    """
    try:
        if path.stat().st_size == 0:
            raise EmbeddingError(f"{path} is empty; download or save it again.")
        embedding = _read(path)
    except OSError as error:
        raise EmbeddingError(f"Could not read {path}: {error.strerror or error}.") from error
    return dataclasses.replace(embedding, name=_name(path, embedding.name))


def write(embedding: Embedding, path: Path) -> None:
    """Write an embedding as .pt, .bin or .safetensors.

    Raises:
        EmbeddingError: The extension is another, or the vectors are not finite numbers.
        StorageError: The file could not be written.
    """
    from textual_inversion.files import pt, safetensors_file

    match path.suffix.lower():
        case ".pt" | ".bin":
            pt.write(path, embedding)
        case ".safetensors":
            safetensors_file.write(path, embedding)
        case _:
            raise EmbeddingError(f"Cannot write {path}: use .pt, .bin or .safetensors.")


def _read(path: Path) -> Embedding:
    from textual_inversion.files import image, pt, safetensors_file

    extension = path.suffix.lower()
    if extension in TORCH:
        return pt.read(path)
    if extension in SAFETENSORS:
        return safetensors_file.read(path)
    if extension in PICTURES:
        return image.read(path)
    raise EmbeddingError(f"{path} is not an embedding file: use one of {', '.join(READABLE)}.")


def _name(path: Path, stored: str) -> str:
    if path.suffix.lower() not in PICTURES and not path.stem.startswith("learned_embeds"):
        return path.stem
    try:
        return check_name(stored)
    except EmbeddingError:  # whoever made the file chose it; the file's name is at least a name
        return path.stem
