"""diffusers' two files for SDXL, learned_embeds and learned_embeds_2, made one.

No other program reads the second of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats.exports.learned import STEMS, read_rows


def join(paths: Sequence[Path]) -> list[Path]:
    """Replace each pair among the files by NAME.safetensors beside it, and return all files."""
    joined = list(paths)
    for second in [path for path in paths if path.stem == STEMS[1]]:
        first = second.with_stem(STEMS[0])
        if first in joined:
            joined[joined.index(first)] = _join(first, second)
            joined.remove(second)
    return joined


def _join(first: Path, second: Path) -> Path:
    embedding = formats.read(first)
    vectors = (embedding.vectors[0], read_rows(second))
    path = first.with_name(f"{embedding.name}.safetensors")
    path = path.with_stem(f"{embedding.name}-xl") if path.exists() else path
    formats.write(dataclasses.replace(embedding, vectors=vectors, key=None), path)
    return path
