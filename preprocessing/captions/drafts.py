"""The captions of a folder as they are being edited: changes, steps back, and the saving.

A draft is a value; only `open_draft` reads and only `save` writes. Before a caption's file is first
replaced it is copied to captions-before/, where nothing is ever replaced.
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

KEPT = "captions-before"
MOST_STEPS = 100
Captions = tuple[str | None, ...]  # None: the picture has no caption file


@dataclass(frozen=True)
class Draft:
    """The captions of a folder: as they stand, as they are stored, and as they were.

    Args:
        folder: Where the pictures are.
        pictures: One for each caption file; `num_hidden` others have the name of one of these.
        captions: What the user sees.
        stored: What was read or saved last.
        past: What steps back lead to, the oldest first.
        future: What steps forward lead to, the nearest last.
        typed: The caption that the newest change typed at: typing on is no new step.
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
        """List the places whose captions are not stored as they stand."""
        pairs = zip(self.captions, self.stored, strict=True)
        return [place for place, (now, then) in enumerate(pairs) if now != then]

    @property
    def texts(self) -> list[str]:
        """Give the captions as texts; one that is missing is empty."""
        return [caption or "" for caption in self.captions]

    def type(self, place: int, text: str) -> Draft:
        """Put `text` as one caption; what is typed in one go is one step back."""
        new = self._with({place: text.strip()})
        if new == self.captions:
            return self
        if self.typed == place:
            return replace(self, captions=new)
        return replace(self._step(new), typed=place)

    def change(self, places: Iterable[int], change: Change) -> Draft:
        """Change the captions at `places`; when nothing changes, that is no step."""
        texts = self.texts
        return self._step(self._with({place: change(texts[place]) for place in places}))

    def undo(self) -> Draft:
        """Go one step back, if there is one."""
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
        """Take a step back back, if there is one."""
        if not self.future:
            return self
        return replace(
            self,
            captions=self.future[-1],
            past=(*self.past, self.captions),
            future=self.future[:-1],
            typed=None,
        )

    def places_with(self, tag: str) -> list[int]:
        """List the places whose captions have a tag; letter case does not matter."""
        wanted = tag.strip(" ,").casefold()
        return [
            place
            for place, text in enumerate(self.texts)
            if wanted in (tag.casefold() for tag in tags_of(text))
        ]

    def _with(self, new: Mapping[int, str]) -> Captions:
        """Replace captions; one that has no file and stays empty still has none."""
        return tuple(
            (new[place] or (None if stored is None else "")) if place in new else caption
            for place, (caption, stored) in enumerate(zip(self.captions, self.stored, strict=True))
        )

    def _step(self, captions: Captions) -> Draft:
        if captions == self.captions:
            return self
        past = (*self.past, self.captions)[-MOST_STEPS:]
        return replace(self, captions=captions, past=past, future=(), typed=None)


def open_draft(folder: Path) -> Draft:
    """Read the captions beside the pictures of a folder.

    Raises:
        DatasetError: There is no folder or no picture, or a caption cannot be read.
    """
    pictures = find_pictures(folder)
    # Two pictures of one name share their caption's file, so one of them is shown.
    first = {path.with_suffix(".txt"): path for path in reversed(pictures)}
    kept = tuple(path for path in pictures if first[path.with_suffix(".txt")] == path)
    captions = tuple(read_caption(path) for path in kept)
    return Draft(folder, kept, captions, captions, num_hidden=len(pictures) - len(kept))


def save(draft: Draft) -> Draft:
    """Write what has changed, each old caption first copied to captions-before/, once.

    Raises:
        DatasetError: A caption was changed by somebody else meanwhile; nothing is written then.
        StorageError: A file could not be written; those before it are whole.
    """
    foreign = list(_foreign(draft))
    if foreign:
        raise DatasetError(
            f"{len(foreign)} of the captions to save were changed on disk since they were read, "
            f"such as {path_text(foreign[0])}; discard your changes to read the folder anew."
        )
    for place in draft.changed:
        _write(draft.pictures[place].with_suffix(".txt"), draft.captions[place])
    return replace(draft, stored=draft.captions, typed=None)


def _foreign(draft: Draft) -> Iterator[Path]:
    for place in draft.changed:
        # A saving that broke off has stored some already.
        known = (draft.stored[place], draft.captions[place])
        if read_caption(draft.pictures[place]) not in known:
            yield draft.pictures[place].with_suffix(".txt")


def _write(path: Path, caption: str | None) -> None:
    try:
        kept = path.parent / KEPT / path.name
        if path.exists() and not kept.exists():
            write_whole(kept, path.read_bytes())
        if caption is None:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(explain(path, error)) from error
    if caption is not None:
        write_whole(path, f"{caption}\n".encode(errors="replace") if caption else b"")
