"""The files under the embeddings folder, and whether one has changed. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.embeddings import formats

Stamp = tuple[int, int, int]


def files_under(folder: Path) -> Iterator[Path]:
    """List the files that may be embeddings, in sub-folders and behind links, each folder once."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:  # a link back up, or to a neighbour
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if _may_be_one(name))


def _may_be_one(name: str) -> bool:
    file = Path(name.lower())
    is_preview = file.suffix in formats.PICTURES and file.stem.endswith(".preview")
    return file.suffix in formats.READABLE and not is_preview and not name.startswith(".")


def stamp_of(path: Path) -> Stamp:
    """Mark a file as it is now; another content has another mark."""
    try:
        status = path.stat()
    except OSError:  # gone since the folder was walked, or a link to nowhere
        return 0, 0, 0
    # Files written whole are new files, so this tells two of one size in one tick apart.
    return status.st_mtime_ns, status.st_size, status.st_ino
