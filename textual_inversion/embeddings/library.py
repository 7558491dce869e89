"""The embeddings folder: list, look up, save, rename and delete embeddings.

A name is one embedding. Where several files have it, .pt wins over .safetensors, .bin and pictures,
then the first path; the others are listed with a problem. No file is changed but the one named.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.png import PlainPictureError
from textual_inversion.errors import EmbeddingError, StorageError, printable
from textual_inversion.names import check_name, nearest, strip_brackets
from textual_inversion.storage.atomic import explain

Stamp = tuple[int, int, int]
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


class Library:
    """A folder of embeddings with its subfolders; files are cached until they change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._contents: dict[Path, tuple[Stamp, Content]] = {}

    def list(self) -> list[Entry]:
        """List every file that is, or should be, an embedding, by name; not plain pictures."""
        entries = [entry for path in _files_under(self.folder) for entry in self._entries(path)]
        entries.sort(key=_order)
        owners: dict[str, Path] = {}
        for entry in entries:
            if entry.problem is None:
                owners.setdefault(entry.name, entry.path)
        return [_with_conflict(entry, owners.get(entry.name)) for entry in entries]

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
        for embedding in content or []:
            if embedding.name == entry.name:
                return embedding
        raise EmbeddingError(f"The embedding {strip_brackets(name)!r} was removed in the meantime.")

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
        formats.write(dataclasses.replace(embedding, name=name, key=self._key(path)), path)
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
        embedding, path = self.load(name), self._path(name)
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
        path = self._path(name)
        with _os_errors(path, "delete"):
            path.unlink()

    def _key(self, path: Path) -> str | None:
        content = self._content(path)
        return content[0].key if isinstance(content, list) and len(content) == 1 else None

    def _path(self, name: str) -> Path:
        return self._known(name).path

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
            case embeddings:
                return [
                    Entry(
                        embedding.name,
                        path,
                        embedding.num_vectors,
                        embedding.widths,
                        embedding.step,
                        embedding.base_model,
                        word=embedding.word,
                    )
                    for embedding in embeddings
                ]

    def _content(self, path: Path) -> Content:
        """Return a file's embeddings, its problem as a text, or None for a plain picture."""
        stamp = _stamp(path)
        known = self._contents.get(path)
        if known and known[0] == stamp:
            return known[1]
        content = _read(path)
        self._contents[path] = (stamp, content)
        return content


def _read(path: Path) -> Content:
    try:
        return formats.read_all(path)
    except PlainPictureError:
        return None
    except EmbeddingError as error:
        return str(error)


def _files_under(folder: Path) -> Iterator[Path]:
    visited: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in visited:  # a link back up, or to a neighbour
            folders.clear()
            continue
        visited.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if _may_be_embedding(name))


def _may_be_embedding(name: str) -> bool:
    file = Path(name.lower())
    is_preview = file.suffix in formats.PICTURES and file.stem.endswith(".preview")
    return file.suffix in formats.READABLE and not is_preview and not name.startswith(".")


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
    except OSError:  # gone since the folder was walked, or a link to nowhere
        return 0, 0, 0
    # Files written whole are new files, so this tells two of one size in one tick apart.
    return status.st_mtime_ns, status.st_size, status.st_ino


def _order(entry: Entry) -> tuple[str, str, int, Path]:
    preference = formats.READABLE.index(entry.path.suffix.lower())
    return entry.name.casefold(), entry.name, preference, entry.path


def _with_conflict(entry: Entry, owner: Path | None) -> Entry:
    if entry.problem or owner == entry.path:
        return entry
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
