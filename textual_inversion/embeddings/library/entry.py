"""One line of the library: an embedding of a file, or why the file has none."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.families import family_of
from textual_inversion.errors import printable

if TYPE_CHECKING:
    from textual_inversion.embeddings.embedding import Embedding


@dataclass(frozen=True)
class Summary:
    """What is remembered of an embedding: all but its vectors."""

    name: str
    word: str
    num_vectors: int
    widths: tuple[int, ...]
    step: int = 0
    base_model: str | None = None
    date: str | None = None
    suffix: str | None = None

    @classmethod
    def of(cls, one: Embedding) -> Summary:
        """Summarize an embedding."""
        return cls(
            one.name,
            one.word,
            one.num_vectors,
            one.widths,
            one.step,
            one.base_model,
            one.date,
            one.suffix,
        )


Content = list[Summary] | str | None
"""What a file holds: its embeddings, its problem as a sentence, or None for a plain picture."""


@dataclass(frozen=True)
class Entry:
    """An embedding in the folder; with a `problem` it cannot be used and other fields are empty."""

    name: str
    path: Path
    num_vectors: int = 0
    widths: tuple[int, ...] = ()
    step: int = 0
    base_model: str | None = None
    problem: str | None = None
    word: str = ""
    index: int = 0
    """Which of its file's embeddings it is."""
    date: str | None = None
    """When its vectors were written, if its file says so, as YYYY-MM-DD."""
    written: float = field(default=0.0, compare=False)
    """When its file was last written, in seconds since 1970."""
    stem: str = field(default="", compare=False)
    """Its name without what tells it from others: the same word for another model has it too."""

    @property
    def key(self) -> str:
        """What tells it from all others, those with a problem too."""
        return f"{self.index}:{self.path}"

    @property
    def family(self) -> str:
        """The models that it is for, such as SD 1.x; empty where it has a problem."""
        return family_of(self.widths) if self.widths else ""


def entries_of(path: Path, content: Content, written: float) -> list[Entry]:
    """List what a file holds."""
    if content is None:
        return []
    if isinstance(content, str):
        return [Entry(printable(path.stem), path, problem=content, written=written)]
    return [_entry(one, path, index, written) for index, one in enumerate(content)]


def told_apart(entries: Iterable[Entry]) -> list[Entry]:
    """Sort the entries by name, and give each usable one a name of its own."""
    listed = sorted(entries, key=_order)
    names = {entry.name for entry in listed if entry.problem is None}
    owners: dict[str, Path] = {}
    return [_named_apart(entry, owners, names) for entry in listed]


def _entry(one: Summary, path: Path, index: int, written: float) -> Entry:
    return Entry(
        one.name,
        path,
        one.num_vectors,
        one.widths,
        one.step,
        one.base_model,
        word=one.word,
        index=index,
        date=one.date,
        written=written,
        stem=one.name.removesuffix(f"-{one.suffix}").casefold(),
    )


def _order(entry: Entry) -> tuple[str, str, int, str]:
    path = str(entry.path)
    ending = path[path.rfind(".") :].lower()
    return entry.name.casefold(), entry.name, formats.READABLE.index(ending), path


def _named_apart(entry: Entry, owners: dict[str, Path], names: set[str]) -> Entry:
    if entry.problem:
        return entry
    first = owners.setdefault(entry.name, entry.path)
    if first is entry.path or first == entry.path:
        return entry
    owner, name = owners[entry.name], entry.name + entry.path.suffix
    if name not in names and owners.setdefault(name, entry.path) == entry.path:
        return dataclasses.replace(entry, name=name, word=entry.word.replace(entry.name, name))
    problem = f"{entry.path} has the same name as {owner}, which is used; rename one of them."
    return dataclasses.replace(entry, problem=problem)
