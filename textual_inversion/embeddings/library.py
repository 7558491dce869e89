"""The embeddings folder: list, look up, save, rename and delete embeddings.

A name is one embedding. Where files compete for it, .pt wins over .safetensors, .bin and pictures,
then the first path; the others are called by their name with its ending, as cat.safetensors, and
where that is taken, too, they are listed with their problem. Nothing in the folder is ever touched
but the file that was asked for.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.png import PlainPictureError
from textual_inversion.embeddings.scanning import Stamp, files_under, stamp_of
from textual_inversion.errors import EmbeddingError, StorageError, printable
from textual_inversion.names import check_name, nearest, strip_brackets
from textual_inversion.storage.atomic import explain

Content = list[Embedding] | str | None


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
    place: int = 0
    """Which of its file's embeddings it is."""


class Library:
    """A folder of embeddings with its subfolders; files are cached until they change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._contents: dict[Path, tuple[Stamp, Content]] = {}

    def list(self) -> list[Entry]:
        """List every file that is, or should be, an embedding, by name; pictures alone are not."""
        entries = [entry for path in files_under(self.folder) for entry in self._entries(path)]
        entries.sort(key=_order)
        return _told_apart(entries)

    def find(self, name: str) -> Entry | None:
        """Look up a name, with or without angle brackets; None if there is no such embedding.

        Letter case matters only between names that differ in nothing else; a usable file is
        preferred to one with a problem.
        """
        name = strip_brackets(name)
        found = [entry for entry in self.list() if entry.name.casefold() == name.casefold()]
        found.sort(key=lambda entry: (entry.problem is not None, entry.name != name))
        return found[0] if found else None

    def load(self, name: str) -> Embedding:
        """Read the embedding of that name.

        Raises:
            EmbeddingError: There is none, or its file has a problem.
        """
        entry = self._known(name)
        content = self._content(entry.path)
        if isinstance(content, str):
            raise EmbeddingError(content)
        if content and entry.place < len(content):
            found = content[entry.place]
            same = found.name == entry.name
            return found if same else dataclasses.replace(found, name=entry.name)
        raise EmbeddingError(f"The embedding {strip_brackets(name)!r} has just been removed.")

    def save(self, embedding: Embedding, *, overwrite: bool = False) -> Path:
        """Write `<name>.pt` (SDXL: .safetensors), or overwrite the embedding's own file.

        An overwritten file keeps its format.

        Raises:
            EmbeddingError: The name is not allowed, or is taken and may not be overwritten.
            StorageError: The file could not be written.
        """
        name = check_name(embedding.name)
        taken, path = self.find(name), self.path_for(embedding)
        if not overwrite and (taken or path.exists()):
            _refuse_taken(name, taken.path if taken else path)
        stored = name if path.stem.startswith("learned_embeds") else path.stem
        formats.write(dataclasses.replace(embedding, name=stored, key=self._key(path)), path)
        return path

    def path_for(self, embedding: Embedding) -> Path:
        """Return the path to save an embedding to: its own file, if that can be written.

        A new file in the folder, if its own is a picture or holds other embeddings as well.
        """
        taken = self.find(embedding.name)
        if taken and _is_writable(taken.path) and not self._is_shared(taken.path):
            return taken.path
        return self.folder / f"{check_name(embedding.name)}{formats.extension_for(embedding)}"

    def rename(self, name: str, new_name: str) -> Path:
        """Rename an embedding, inside its file too; return the new path."""
        new_name = check_name(new_name)
        embedding, path = self.load(name), self.path_of(name)
        if not _is_writable(path) or self._is_shared(path):
            raise EmbeddingError(
                f"Cannot rename {path}, which is a picture or holds several embeddings; save the "
                "embedding as .pt or .safetensors first."
            )
        key = embedding.key and embedding.word.replace(embedding.name, new_name)
        new_path = path.with_name(new_name + path.suffix)
        taken = self.find(new_name)
        if taken and taken.path != path:
            _refuse_taken(new_name, taken.path)
        with _os_errors(new_path, "rename"):
            path.replace(new_path)
        formats.write(dataclasses.replace(embedding, name=new_name, key=key), new_path)
        return new_path

    def delete(self, name: str) -> None:
        """Remove the file of that name."""
        path = self.path_of(name)
        with _os_errors(path, "delete"):
            path.unlink()

    def path_of(self, name: str) -> Path:
        """Return the file of that name.

        Raises:
            EmbeddingError: There is none.
        """
        return self._known(name).path

    def _key(self, path: Path) -> str | None:
        content = self._content(path)
        return content[0].key if isinstance(content, list) and len(content) == 1 else None

    def _known(self, name: str) -> Entry:
        entry = self.find(name)
        if entry is None:
            raise EmbeddingError(
                f"There is no embedding called {strip_brackets(name)!r} in {self.folder}; "
                f"{self._advice(name)} or put its file there."
            )
        return entry

    def _advice(self, name: str) -> str:
        near = nearest(strip_brackets(name), (entry.name for entry in self.list()))
        return f"choose {' or '.join(near)}" if near else "check the name"

    def _is_shared(self, path: Path) -> bool:
        """Whether the file holds several embeddings, which overwriting would lose."""
        content = self._content(path)
        return isinstance(content, list) and len(content) > 1

    def _entries(self, path: Path) -> list[Entry]:
        match self._content(path):
            case None:
                return []
            case str(problem):
                return [Entry(printable(path.stem), path, problem=problem)]
            case found:
                return [_entry(one, path, place) for place, one in enumerate(found)]

    def _content(self, path: Path) -> Content:
        """Return a file's embeddings, its problem as a text, or None for a plain picture."""
        stamp = stamp_of(path)
        known = self._contents.get(path)
        if known and known[0] == stamp:
            return known[1]
        content = _read(path)
        self._contents[path] = (stamp, content)
        return content


def _entry(one: Embedding, path: Path, place: int) -> Entry:
    return Entry(
        one.name,
        path,
        one.num_vectors,
        one.widths,
        one.step,
        one.base_model,
        word=one.word,
        place=place,
    )


def _read(path: Path) -> Content:
    try:
        return formats.read_all(path)
    except PlainPictureError:
        return None
    except EmbeddingError as error:
        return str(error)


def _order(entry: Entry) -> tuple[str, str, int, Path]:
    preference = formats.READABLE.index(entry.path.suffix.lower())
    return entry.name.casefold(), entry.name, preference, entry.path


def _told_apart(entries: list[Entry]) -> list[Entry]:
    """Give each usable file a name of its own."""
    names = {entry.name for entry in entries if entry.problem is None}
    owners: dict[str, Path] = {}
    return [_named_apart(entry, owners, names) for entry in entries]


def _named_apart(entry: Entry, owners: dict[str, Path], names: set[str]) -> Entry:
    if entry.problem or owners.setdefault(entry.name, entry.path) == entry.path:
        return entry
    owner, name = owners[entry.name], entry.name + entry.path.suffix
    if name not in names and owners.setdefault(name, entry.path) == entry.path:
        return dataclasses.replace(entry, name=name, word=entry.word.replace(entry.name, name))
    problem = f"{entry.path} has the same name as {owner}, which is used; rename one of them."
    return dataclasses.replace(entry, problem=problem)


def _is_writable(path: Path) -> bool:
    return path.suffix.lower() in formats.WRITABLE


def _refuse_taken(name: str, path: Path) -> NoReturn:
    raise EmbeddingError(
        f"There is already an embedding called {name!r} at {path}; "
        "choose another name or allow it to be overwritten."
    )


@contextlib.contextmanager
def _os_errors(path: Path, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(explain(path, error, doing=doing)) from error
