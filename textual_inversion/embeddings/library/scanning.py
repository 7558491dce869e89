"""The files under the embeddings folder, and whether one has changed. No file is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats.naming import TOKEN_FILE

Stamp = tuple[int, ...]
"""Marks a file as it is; another content has another mark."""

_GONE = (0, 0, 0, 0)


def scan(folder: Path) -> dict[str, Stamp]:
    """Mark every file that may be an embedding, by its path within `folder`.

    Sub-folders are searched and links are followed, each folder once.
    """
    return {
        inner + file.name: _mark(file)
        for inner, files in _walk(folder)
        for file in files
        if _may_be_one(file.name)
    }


def folders_state_key(folder: Path) -> tuple[int, ...]:
    """Compute a key of the folders alone: a file that comes, goes or is replaced changes it.

    A file written in place does not; this is for looking often.
    """
    return tuple(_folder_mark(folder / inner) for inner, _ in _walk(folder))


def stamp_of(path: Path) -> Stamp:
    """Mark a file as it is now."""
    return _mark(path)


def _mark(file: Path | os.DirEntry[str]) -> Stamp:
    try:
        status = file.stat()
    except OSError:  # gone since the folder was walked, or a link to nowhere
        return _GONE
    # Files written whole are new files, so the inode tells two of one size in one tick apart.
    mark = (status.st_mtime_ns, status.st_size, status.st_ino, status.st_ctime_ns)
    if file.name.startswith("learned_embeds"):  # the word may be in the file beside it
        return (*mark, _folder_mark(Path(file).parent / TOKEN_FILE))
    return mark


def _folder_mark(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _walk(folder: Path) -> Iterator[tuple[str, list[os.DirEntry[str]]]]:
    """Yield each folder, as "" or "inner/", and its files by name."""
    seen: set[str] = set()
    waiting = [""]
    while waiting:
        inner = waiting.pop()
        real = os.path.realpath(folder / inner)
        if real in seen:  # a link back up, or to a neighbour
            continue
        seen.add(real)
        folders, files = _children(folder / inner)
        yield inner, files
        waiting += [f"{inner}{child}/" for child in reversed(folders)]


def _children(folder: Path) -> tuple[list[str], list[os.DirEntry[str]]]:
    """List the names of a folder's folders, and its files; nothing of one that cannot be read."""
    try:
        with os.scandir(folder) as entries:
            children = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return [], []
    shown = [child for child in children if not child.name.startswith(".")]
    is_folder = [_is_folder(child) for child in shown]
    return (
        [child.name for child, yes in zip(shown, is_folder, strict=True) if yes],
        [child for child, yes in zip(shown, is_folder, strict=True) if not yes],
    )


def _is_folder(child: os.DirEntry[str]) -> bool:
    try:
        return child.is_dir()
    except OSError:  # a link to itself
        return False


def _may_be_one(name: str) -> bool:
    stem, dot, ending = name.lower().rpartition(".")
    ending = dot + ending
    is_preview = ending in formats.PICTURES and stem.endswith(".preview")
    return bool(stem) and ending in formats.READABLE and not is_preview
