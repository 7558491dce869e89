"""The embeddings folder: list, look up, save, import, rename, duplicate, delete and restore.

A name is one embedding. Where files compete for it, .pt wins over .safetensors, .bin and pictures,
then the first path; the others are called by their name with its ending, as cat.safetensors, and
where that is taken, too, they are listed with their problem. Nothing in the folder is ever touched
but the file that was asked for, and the pictures and notes that are called like it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import NoReturn

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import adding, beside, trash
from textual_inversion.embeddings.library.entry import Entry, entries_of, told_apart
from textual_inversion.embeddings.library.index import Index
from textual_inversion.embeddings.library.scanning import Stamp, folders_state_key, stamp_of
from textual_inversion.errors import EmbeddingError
from textual_inversion.names import check_name, free_name, nearest, strip_brackets
from textual_inversion.storage.atomic import os_errors
from textual_inversion.storage.trash import Deleted, contents

_MOST_KEPT = 64  # embeddings whose vectors stay in memory


class Library:
    """A folder of embeddings with its subfolders; a file is read again only when it changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._index = Index(folder)
        self._listed: tuple[object, list[Entry]] = (None, [])
        self._loaded: dict[Path, tuple[Stamp, list[Embedding]]] = {}

    def list(self) -> list[Entry]:
        """List every file that is, or should be, an embedding, by name; pictures alone are not."""
        files = self._index.refresh()
        if files is not self._listed[0]:
            entries = (
                entry
                for inner, (stamp, content) in files.items()
                for entry in entries_of(self.folder / inner, content, stamp[0] / 1e9)
            )
            self._listed = (files, told_apart(entries))
        return self._listed[1].copy()

    def folders_state_key(self) -> object:
        """Compute a key quickly: another key is a reason to list anew."""
        return folders_state_key(self.folder)

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
        if entry.problem:
            raise EmbeddingError(entry.problem)
        content = self._read(entry.path)
        if entry.index >= len(content):
            raise EmbeddingError(f"The embedding {strip_brackets(name)!r} has just been removed.")
        found = content[entry.index]
        return found if found.name == entry.name else dataclasses.replace(found, name=entry.name)

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

    def add(self, source: Path) -> list[Entry]:
        """Copy a file of any format into the folder; a name that is taken gets a number.

        Returns:
            Its embeddings; those that are there already, where a file of its content is.

        Raises:
            EmbeddingError: The file holds no embedding.
            StorageError: It could not be written.
        """
        path = adding.copy_in(source, self.folder, taken=self._is_taken)
        return [entry for entry in self.list() if entry.path == path]

    def rename(self, name: str, new_name: str) -> Path:
        """Rename an embedding, inside its file too, and what lies beside it; return the new path.

        Raises:
            EmbeddingError: There is none, its file cannot be renamed, or the name is taken.
        """
        new_name = check_name(new_name)
        embedding, path = self.load(name), self.path_of(name)
        if not _is_writable(path) or self._is_shared(path):
            raise EmbeddingError(
                f"Cannot rename {path}, which is a picture or holds several embeddings; save the "
                "embedding as .pt or .safetensors first."
            )
        key = embedding.key and embedding.word.replace(embedding.name, new_name)
        new_path = path.with_name(new_name + path.suffix)
        self._refuse_others(new_name, path, new_path)
        with os_errors(new_path, doing="rename"):
            beside.move(path, new_path)
            path.replace(new_path)
        formats.write(dataclasses.replace(embedding, name=new_name, key=key), new_path)
        return new_path

    def duplicate(self, name: str, new_name: str = "") -> Path:
        """Write an embedding once more, as a file of its own, with what lies beside it.

        Args:
            name: The embedding; of a picture or of a file with several it takes the vectors.
            new_name: What to call the copy. (default: `<name>-copy`, with a number if need be)
        """
        embedding, path = self.load(name), self.path_of(name)
        plain = strip_brackets(name).removesuffix(path.suffix)
        chosen = check_name(new_name or free_name(f"{plain}-copy", self._is_taken))
        is_own = _is_writable(path) and not self._is_shared(path)
        suffix = path.suffix if is_own else formats.extension_for(embedding)
        target = path.with_name(chosen + suffix)
        self._refuse_others(chosen, None, target)
        key = embedding.key and embedding.word.replace(embedding.name, chosen)
        formats.write(dataclasses.replace(embedding, name=chosen, key=key), target)
        with os_errors(target, doing="copy what lies beside"):
            beside.copy(path, target)
        return target

    def delete(self, name: str) -> Deleted:
        """Move the file of that name, with what lies beside it, to the folder `.trash`."""
        return self.remove(self._known(name))

    def remove(self, entry: Entry) -> Deleted:
        """Move an entry's file to the trash, as `delete` does."""
        with os_errors(entry.path, doing="delete"):
            return trash.put_away(self.folder, entry.path, name=entry.name)

    def deleted(self) -> list[Deleted]:
        """List what was deleted and can come back, the latest first."""
        return contents(self.folder)

    def undelete(self, which: str = "") -> Path:
        """Put back what was deleted under a name, or last; where its place is taken, numbered.

        Raises:
            EmbeddingError: There is nothing of that name in the trash.
        """
        with os_errors(self.folder, doing="put something back into"):
            return trash.put_back(self.folder, which)

    def path_of(self, name: str) -> Path:
        """Return the file of that name.

        Raises:
            EmbeddingError: There is none.
        """
        return self._known(name).path

    def _key(self, path: Path) -> str | None:
        try:
            content = self._read(path)
        except EmbeddingError:
            return None
        return content[0].key if len(content) == 1 else None

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
        try:
            return len(self._read(path)) > 1
        except EmbeddingError:
            return False

    def _is_taken(self, name: str) -> bool:
        return self.find(name) is not None

    def _refuse_others(self, name: str, own: Path | None, new_path: Path) -> None:
        """Refuse a name that another embedding has, and a path at which another file lies."""
        taken = self.find(name)
        if taken and taken.path != own:
            _refuse_taken(name, taken.path)
        if new_path.exists() and not (own and new_path.samefile(own)):
            _refuse_taken(name, new_path)

    def _read(self, path: Path) -> list[Embedding]:
        """Read a file's embeddings, again only when it has changed."""
        stamp = stamp_of(path)
        known = self._loaded.get(path)
        if known and known[0] == stamp:
            return known[1]
        content = formats.read_all(path)
        if len(self._loaded) >= _MOST_KEPT:
            self._loaded.clear()
        self._loaded[path] = (stamp, content)
        return content


def _is_writable(path: Path) -> bool:
    return path.suffix.lower() in formats.WRITABLE


def _refuse_taken(name: str, path: Path) -> NoReturn:
    raise EmbeddingError(
        f"There is already an embedding called {name!r} at {path}; "
        "choose another name or allow it to be overwritten."
    )
