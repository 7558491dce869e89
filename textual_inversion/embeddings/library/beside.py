"""The pictures and notes that lie beside an embedding and are called like it.

AUTOMATIC1111 and its kin show `cat.png`, `cat.preview.png` and `cat.txt` or `cat.json` with
`cat.pt`; they follow it. What another embedding of the same stem still needs is copied instead.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.embeddings import formats

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_ENDINGS = (
    *(f"{preview}{ending}" for preview in (".preview", "") for ending in PICTURES),
    *(".txt", ".description.txt", ".json", ".civitai.info"),
)


def files_beside(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that belong to an embedding's file, with what stands behind its stem.

    A picture that is an embedding itself belongs to nobody.
    """
    for ending in _ENDINGS:
        file = path.with_name(path.stem + ending)
        if file != path and file.is_file() and not _is_embedding(file):
            yield file, ending


def move(path: Path, new_path: Path) -> None:
    """Rename what lies beside a file; what is there already stays."""
    carry = shutil.copy2 if _has_siblings(path) else shutil.move
    for file, ending in list(files_beside(path)):
        target = new_path.with_name(new_path.stem + ending)
        if not target.exists() or target.samefile(file):
            with contextlib.suppress(shutil.SameFileError):
                carry(file, target)


def copy(path: Path, new_path: Path) -> None:
    """Copy what lies beside a file; what is there already stays."""
    for file, ending in files_beside(path):
        target = new_path.with_name(new_path.stem + ending)
        if not target.exists():
            shutil.copy2(file, target)


def own_files(path: Path) -> list[Path]:
    """List what lies beside a file and belongs to no other embedding."""
    return [] if _has_siblings(path) else [file for file, _ in files_beside(path)]


def picture_beside(path: Path) -> Path | None:
    """Find the picture that shows an embedding."""
    named = (path.with_name(path.stem + ending) for ending in _ENDINGS[: 2 * len(PICTURES)])
    return next((file for file in named if file != path and file.is_file()), None)


def _has_siblings(path: Path) -> bool:
    """Whether another file of an embedding has the same stem."""
    own = path.suffix.lower()
    return any(path.with_suffix(ending).is_file() for ending in formats.WRITABLE if ending != own)


def _is_embedding(file: Path) -> bool:
    from textual_inversion.embeddings.library.index import read_content

    if file.suffix.lower() not in formats.PICTURES or file.stem.endswith(".preview"):
        return False
    return isinstance(read_content(file), list)
