"""Drafts of a folder's captions: changes, undo and redo, and saving.

A draft is immutable; only `open_draft` reads and only `save` writes. Before a caption's file is
first replaced it is copied to captions-before/, where nothing is ever replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from preprocessing.captions.tags import Change, tags_of
from textual_inversion.errors import DatasetError, StorageError
from textual_inversion.images.decoding import path_text
from textual_inversion.images.folder import find_pictures, read_caption
from textual_inversion.storage.atomic import explain, write_whole

BACKUP_FOLDER = "captions-before"
MAX_UNDO_STEPS = 100
Captions = tuple[str | None, ...]  # None: the picture has no caption file


@dataclass(frozen=True)
class Draft:
    """The captions of a folder: as edited, as stored on disk, and their undo history.

    Args:
        folder: Where the pictures are.
        pictures: One for each caption file; `num_hidden` others share the name of one of these.
        captions: The captions as edited.
        stored: The captions as last read or saved.
        past: The states that undo returns to, the oldest first.
        future: The states that redo returns to, the nearest last.
        typed: The index of the caption typed in last; typing on is no new undo step.
    """

    folder: Path
    pictures: tuple[Path, ...]
    captions: Captions
    stored: Captions
    num_hidden: int = 0
    past: tuple[Captions, ...] = ()
    future: tuple[Captions, ...] = ()
    typed: int | None = None

    @property
    def changed(self) -> list[int]:
        """The indices of the captions with unsaved changes."""
        pairs = zip(self.captions, self.stored, strict=True)
        return [index for index, (now, then) in enumerate(pairs) if now != then]

    @property
    def texts(self) -> list[str]:
        """The captions as texts; a missing one is empty."""
        return [caption or "" for caption in self.captions]

    def type(self, index: int, text: str) -> Draft:
        """Set one caption; successive changes to the same one are one undo step."""
        new = self._with({index: text.strip()})
        if new == self.captions:
            return self
        if self.typed == index:
            return replace(self, captions=new)
        return replace(self._step(new), typed=index)

    def change(self, indices: Iterable[int], change: Change) -> Draft:
        """Change the captions at `indices`; without an effect there is no undo step."""
        texts = self.texts
        return self._step(self._with({index: change(texts[index]) for index in indices}))

    def undo(self) -> Draft:
        """Undo one step, if there is one."""
        if not self.past:
            return self
        return replace(
            self,
            captions=self.past[-1],
            past=self.past[:-1],
            future=(*self.future, self.captions),
            typed=None,
        )

    def redo(self) -> Draft:
        """Redo one step, if there is one."""
        if not self.future:
            return self
        return replace(
            self,
            captions=self.future[-1],
            past=(*self.past, self.captions),
            future=self.future[:-1],
            typed=None,
        )

    def indices_with(self, tag: str) -> list[int]:
        """List the indices of the captions that have a tag, ignoring letter case."""
        searched = tag.strip(" ,").casefold()
        return [
            index
            for index, text in enumerate(self.texts)
            if searched in (tag.casefold() for tag in tags_of(text))
        ]

    def _with(self, new: Mapping[int, str]) -> Captions:
        """Replace captions; one without a file that stays empty remains None."""
        return tuple(
            (new[index] or (None if stored is None else "")) if index in new else caption
            for index, (caption, stored) in enumerate(zip(self.captions, self.stored, strict=True))
        )

    def _step(self, captions: Captions) -> Draft:
        if captions == self.captions:
            return self
        past = (*self.past, self.captions)[-MAX_UNDO_STEPS:]
        return replace(self, captions=captions, past=past, future=(), typed=None)


def open_draft(folder: Path) -> Draft:
    """Read the captions beside the pictures of a folder.

    Raises:
        DatasetError: There is no folder or no picture, or a caption cannot be read.
    """
    pictures = find_pictures(folder)
    # Two pictures of one stem share a caption file, so only the first is listed.
    first = {path.with_suffix(".txt"): path for path in reversed(pictures)}
    distinct = tuple(path for path in pictures if first[path.with_suffix(".txt")] == path)
    captions = tuple(read_caption(path) for path in distinct)
    return Draft(folder, distinct, captions, captions, num_hidden=len(pictures) - len(distinct))


def save(draft: Draft) -> Draft:
    """Write the changed captions; each old file is first copied to captions-before/, once.

    Raises:
        DatasetError: A caption's file was changed on disk meanwhile; nothing is written.
        StorageError: A file could not be written; those before it are complete.
    """
    conflicts = list(_changed_on_disk(draft))
    if conflicts:
        raise DatasetError(
            f"{len(conflicts)} of the captions to save were changed on disk since they were read, "
            f"such as {path_text(conflicts[0])}; discard your changes to read the folder anew."
        )
    for index in draft.changed:
        _write(draft.pictures[index].with_suffix(".txt"), draft.captions[index])
    return replace(draft, stored=draft.captions, typed=None)


def _changed_on_disk(draft: Draft) -> Iterator[Path]:
    for index in draft.changed:
        # An earlier save that failed may have written some already.
        known = (draft.stored[index], draft.captions[index])
        if read_caption(draft.pictures[index]) not in known:
            yield draft.pictures[index].with_suffix(".txt")


def _write(path: Path, caption: str | None) -> None:
    try:
        backup = path.parent / BACKUP_FOLDER / path.name
        if path.exists() and not backup.exists():
            write_whole(backup, path.read_bytes())
        if caption is None:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(explain(path, error)) from error
    if caption is not None:
        write_whole(path, f"{caption}\n".encode(errors="replace") if caption else b"")
