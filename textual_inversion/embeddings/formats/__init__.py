"""Read and write embedding files; the extension determines the format.

Importing the package costs nothing: torch and Pillow are loaded by the first read or write.
"""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual_inversion.embeddings.formats.naming import PICTURES, file_in, name_of
from textual_inversion.errors import EmbeddingError

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding

TORCH = (".pt", ".bin")
SAFETENSORS = (".safetensors",)
# In order of preference, where several files have one name.
READABLE = (".pt", ".safetensors", ".bin", *PICTURES)
WRITABLE = (".pt", ".bin", ".safetensors")


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
    """Read every embedding in a file; vectors for two base models are two embeddings.

    The folder of one concept stands for the file in it.

    Raises:
        EmbeddingError: There is no such file, or it holds none.
    """
    try:
        path = file_in(path)
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise EmbeddingError(
                f"{path} is a folder without a learned_embeds file; give an embedding file."
            )
        if not stat.S_ISREG(status.st_mode):
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
    """Write an embedding in the format that the extension names.

    Raises:
        EmbeddingError: The extension is another, or the vectors are not finite numbers.
        StorageError: The file could not be written.
    """
    extension = path.suffix.lower()
    if extension not in WRITABLE:
        *most, last = WRITABLE
        raise EmbeddingError(f"Cannot write {path}: use {', '.join(most)} or {last}.")
    _module(extension).write(path, embedding)


def extension_for(embedding: Embedding) -> str:
    """Return the extension that most programs read: .pt, and for SDXL .safetensors.

    A .pt of SDXL would have no metadata.
    """
    return ".pt" if len(embedding.vectors) == 1 else ".safetensors"


def _read(path: Path) -> list[Embedding]:
    extension = path.suffix.lower()
    if extension not in READABLE:
        raise EmbeddingError(f"{path} is not an embedding file: use one of {', '.join(READABLE)}.")
    return _module(extension).read(path)


def _module(extension: str) -> Any:
    """Import the module that reads, and where it can writes, files of an extension."""
    from textual_inversion.embeddings.formats import png, pt, safetensors_file

    modules = {
        **dict.fromkeys(TORCH, pt),
        **dict.fromkeys(SAFETENSORS, safetensors_file),
        **dict.fromkeys(PICTURES, png),
    }
    return modules[extension]
