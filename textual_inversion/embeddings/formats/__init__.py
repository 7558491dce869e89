"""Read and write embedding files; the extension determines the format.

Importing the package costs nothing: torch and Pillow are loaded by the first read or write.
"""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.embeddings.formats.naming import name_of
from textual_inversion.errors import EmbeddingError

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding

TORCH = (".pt", ".bin")
SAFETENSORS = (".safetensors",)
PICTURES = (".png", ".webp", ".jxl", ".avif")
READABLE = (*TORCH, *SAFETENSORS, *PICTURES)
WRITABLE = (*TORCH, *SAFETENSORS)


def read(path: Path) -> Embedding:
    """Read an embedding file of any kind that holds one embedding.

    The file's name names the embedding, as in every program that keeps a folder of them. The name
    stored inside is taken from pictures, from LoRAs that bring embeddings, and from diffusers'
    `learned_embeds` files, which are all called the same.

    Raises:
        EmbeddingError: There is no such file, or it does not hold one embedding.
    """
    embeddings = read_all(path)
    if len(embeddings) > 1:
        names = ", ".join(embedding.name for embedding in embeddings[:5])
        raise EmbeddingError(
            f"{path} holds {len(embeddings)} embeddings ({names}); put it in the embeddings folder "
            "and choose one by its name."
        )
    return embeddings[0]


def read_all(path: Path) -> list[Embedding]:
    """Read every embedding in a file; vectors for two base models are two embeddings."""
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise EmbeddingError(f"{path} is not a regular file; copy the embedding there instead.")
        if status.st_size == 0:
            raise EmbeddingError(f"{path} is empty; download or save it again.")
        embeddings = _read(path)
    except (OSError, ValueError) as error:  # a ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        raise EmbeddingError(f"Could not read {path}: {reason}.") from error
    return [
        dataclasses.replace(one, name=name_of(path, one, len(embeddings))) for one in embeddings
    ]


def write(embedding: Embedding, path: Path) -> None:
    """Write an embedding as .pt, .bin or .safetensors.

    Raises:
        EmbeddingError: The extension is another, or the vectors are not finite numbers.
        StorageError: The file could not be written.
    """
    from textual_inversion.embeddings.formats import pt, safetensors_file

    match path.suffix.lower():
        case ".pt" | ".bin":
            pt.write(path, embedding)
        case ".safetensors":
            safetensors_file.write(path, embedding)
        case _:
            raise EmbeddingError(f"Cannot write {path}: use .pt, .bin or .safetensors.")


def extension_for(embedding: Embedding) -> str:
    """Return the extension that most programs read: .pt, and for SDXL .safetensors.

    A .pt of SDXL would have no metadata.
    """
    return ".pt" if len(embedding.vectors) == 1 else ".safetensors"


def _read(path: Path) -> list[Embedding]:
    from textual_inversion.embeddings.formats import png, pt, safetensors_file

    extension = path.suffix.lower()
    if extension in TORCH:
        return pt.read(path)
    if extension in SAFETENSORS:
        return safetensors_file.read(path)
    if extension in PICTURES:
        return png.read(path)
    raise EmbeddingError(f"{path} is not an embedding file; supported are {', '.join(READABLE)}.")
