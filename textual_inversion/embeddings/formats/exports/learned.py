"""diffusers' files of a word: learned_embeds, and learned_embeds_2 for SDXL's second encoder.

Each holds one tensor under the word, (n, 768) for CLIP-L and (n, 1280) for CLIP-G, as diffusers'
textual_inversion_sdxl.py writes them. The second is no embedding by itself, so these files have
their own reader.
"""

from __future__ import annotations

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import pt, safetensors_file
from textual_inversion.embeddings.formats.validation import checked_vectors
from textual_inversion.errors import EmbeddingError
from textual_inversion.storage.atomic import write_whole

STEMS = ("learned_embeds", "learned_embeds_2")


def write_learned(
    embedding: Embedding, folder: Path, word: str, *, suffix: str, ending: str = ""
) -> list[Path]:
    """Write a file for each text encoder, and read it back.

    A single vector is one-dimensional, and the word in lower case (`formats/diffusers.py`).

    Args:
        embedding: What to write.
        folder: Where the files go; others of these names are replaced.
        word: The key.
        suffix: .safetensors or .bin.
        ending: What stands behind the names' stem, such as -steps-500.

    Raises:
        EmbeddingError: The vectors are not finite numbers, or were not read back.
        StorageError: It could not be written.
    """
    paths = []
    for stem, rows in zip(STEMS, checked_vectors(embedding), strict=False):
        tensors = {word.lower(): rows[0] if len(rows) == 1 else rows}
        path = folder / f"{stem}{ending}{suffix}"
        dumps = safetensors_file.dumps if suffix == ".safetensors" else pt.dumps
        write_whole(path, dumps(tensors))
        if not torch.equal(read_rows(path), rows):
            raise EmbeddingError(f"{path} read back other vectors; write it to another disk.")
        paths.append(path)
    return paths


def read_rows(path: Path) -> torch.Tensor:
    """Read the one tensor of such a file as fp32 rows (n, width).

    Raises:
        EmbeddingError: It is another file, or damaged.
    """
    data = pt.load(path) if path.suffix.lower() == ".bin" else _load_safetensors(path)
    tensors = list(data.values()) if isinstance(data, dict) else []
    if len(tensors) != 1 or not isinstance(tensors[0], torch.Tensor) or tensors[0].ndim > 2:
        raise EmbeddingError(f"{path.name} is not an embedding: it should hold one tensor.")
    return torch.atleast_2d(tensors[0].float())


def _load_safetensors(path: Path) -> dict[str, torch.Tensor]:
    try:
        return safetensors.torch.load_file(path)
    except safetensors.SafetensorError:
        raise EmbeddingError(f"{path.name} is damaged; download or save it again.") from None
