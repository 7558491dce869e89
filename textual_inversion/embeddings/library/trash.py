"""Deleted embeddings: in `.trash` of the embeddings folder, with what lay beside them."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings.library.beside import own_files
from textual_inversion.errors import EmbeddingError
from textual_inversion.names import nearest, strip_brackets
from textual_inversion.storage import trash
from textual_inversion.storage.trash import Deleted


def put_away(root: Path, path: Path, *, name: str) -> Deleted:
    """Move a file and what lies beside it to the trash.

    Raises:
        OSError: One of them cannot be moved; what was moved is put back.
    """
    return trash.put_away(root, [path, *own_files(path)], name=name)


def put_back(root: Path, which: str = "") -> Path:
    """Move the files of a deletion back; return the embedding's path.

    Args:
        root: The embeddings folder.
        which: The embedding's name, of which the latest deletion counts, or the folder's in the
            trash; empty: the latest of all.

    Raises:
        EmbeddingError: There is none.
        OSError: A file cannot be moved.
    """
    listed = trash.contents(root)
    wanted = strip_brackets(which)
    found = next(
        (one for one in listed if not wanted or wanted in {one.name, one.folder.name}), None
    )
    if found is None:
        near = nearest(wanted, (one.name for one in listed)) if wanted else ()
        advice = f"choose {' or '.join(near)}" if near else "there is nothing to undo"
        called = f" called {wanted!r}" if wanted else ""
        raise EmbeddingError(f"Nothing{called} was deleted from {root}; {advice}.")
    return trash.move_back(root, found)
