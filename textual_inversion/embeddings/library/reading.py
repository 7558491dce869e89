"""What a file holds, in short. Loads torch."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats.png import PlainPictureError
from textual_inversion.embeddings.library.entry import Content, Summary
from textual_inversion.errors import EmbeddingError


def summarize(path: Path) -> Content:
    """Read a file's embeddings, or why there are none; None for a picture alone."""
    try:
        return [Summary.of(one) for one in formats.read_all(path)]
    except PlainPictureError:
        return None
    except EmbeddingError as error:
        return str(error)
