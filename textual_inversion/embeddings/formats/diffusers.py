"""Export for diffusers' `load_textual_inversion`: one tensor whose key is the word, `<name>`.

diffusers also loads our .pt files, under the plain name; this is for those who share
`learned_embeds` files. It has no file for SDXL's two text encoders.

The word is in lower case: transformers 5 makes added words lower-case when it cuts a prompt, and
diffusers then looks for the further vectors under the spelling of the file, and finds none. It is
typed in lower case for the same reason. A single vector is one-dimensional: of a matrix InvokeAI
takes the number of rows for the width.
"""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import pt, safetensors_file
from textual_inversion.embeddings.formats.validation import checked_vectors
from textual_inversion.errors import EmbeddingError
from textual_inversion.storage.atomic import write_whole


def export(path: Path, embedding: Embedding, word: str = "") -> None:
    """Write `{"<name>": vectors}` as .safetensors or .bin, by the path's extension.

    `word` is another key than `<name>`, in lower case as well.
    """
    vectors = checked_vectors(embedding)
    if len(vectors) != 1:
        raise EmbeddingError(
            f"{embedding.name} is for SDXL, for which diffusers has no such file; load clip_l and "
            "clip_g of the .safetensors file instead."
        )
    rows = vectors[0]
    tensors = {word.lower() or f"<{embedding.name.lower()}>": rows[0] if len(rows) == 1 else rows}
    match path.suffix.lower():
        case ".safetensors":
            write_whole(path, safetensors_file.dumps(tensors))
        case ".bin":
            write_whole(path, pt.dumps(tensors))
        case _:
            raise EmbeddingError(f"Cannot export to {path}: use .safetensors or .bin.")
