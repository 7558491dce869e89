"""What each file of the embeddings folder holds, remembered until the file changes.

Remembered on disk as well, in `.library/index.json` there, so that a large folder is not read anew
by each program. What stands in it only saves reading: a file's mark is compared every time, what is
not of the expected types is not used, and vectors always come from the embedding's own file.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import importlib.metadata
import stat
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticSerializationError

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library.entry import Content
from textual_inversion.embeddings.library.glance import glance
from textual_inversion.embeddings.library.scanning import Stamp, scan
from textual_inversion.errors import StorageError, printable
from textual_inversion.storage.atomic import write_whole

FILE = ".library/index.json"
_MAX_BYTES = 2**28
_PATH = "{path}"  # stands for a file's path in its problem, since the folder may be moved
_READERS = ("torch", "safetensors", "Pillow", "pillow-jxl-plugin", "numpy")


@dataclass(frozen=True)
class _Stored:
    readers: str
    files: dict[str, tuple[Stamp, Content]]


_STORED = TypeAdapter(_Stored)


class Index:
    """The files of one folder and what they hold."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, tuple[Stamp, Content]] | None = None
        self._lock = threading.Lock()

    def refresh(self) -> dict[str, tuple[Stamp, Content]]:
        """Look for what has changed, and read those files; return all, by path in the folder.

        It is the same dict as before, if nothing has changed.
        """
        with self._lock:
            known = self._restored() if self._files is None else self._files
            stamps = scan(self.folder)
            if stamps.keys() != known.keys() or any(
                known[inner][0] != stamp for inner, stamp in stamps.items()
            ):
                with _without_collection():
                    known = {
                        inner: self._again(known.get(inner), inner, stamp)
                        for inner, stamp in stamps.items()
                    }
                self._keep(known)
            self._files = known
            return known

    def _again(
        self, known: tuple[Stamp, Content] | None, inner: str, stamp: Stamp
    ) -> tuple[Stamp, Content]:
        if known is not None and known[0] == stamp:
            return known
        return stamp, read_content(self.folder / inner)

    def _restored(self) -> dict[str, tuple[Stamp, Content]]:
        """Read what was remembered; nothing where it is damaged or other readers wrote it."""
        try:
            stored = _STORED.validate_json(_bounded(self.folder / FILE), strict=True)
        except (OSError, ValidationError, ValueError):
            return {}
        if stored.readers != _readers():
            return {}
        return {
            inner: (stamp, self._with_path(content, inner))
            for inner, (stamp, content) in stored.files.items()
        }

    def _keep(self, files: dict[str, tuple[Stamp, Content]]) -> None:
        stored = {
            inner: (stamp, self._without_path(content, inner))
            for inner, (stamp, content) in files.items()
        }
        data = _dump(stored) or _dump({k: one for k, one in stored.items() if _dump({k: one})})
        # A folder that cannot be written to is read anew by the next program.
        with contextlib.suppress(StorageError):
            write_whole(self.folder / FILE, data)

    def _with_path(self, content: Content, inner: str) -> Content:
        shown = isinstance(content, str) and content.replace(_PATH, self._shown(inner))
        return shown or content

    def _without_path(self, content: Content, inner: str) -> Content:
        shown = isinstance(content, str) and content.replace(self._shown(inner), _PATH)
        return shown or content

    def _shown(self, inner: str) -> str:
        return printable(str(self.folder / inner))


def read_content(path: Path) -> Content:
    """Read what a file holds; torch is loaded if it is none of the usual ones."""
    with contextlib.suppress(OSError):
        if (summary := glance(path)) is not None:
            return [summary]
    from textual_inversion.embeddings.library.reading import summarize

    return summarize(path)


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """Keep Python from looking for circles among the entries of a large folder, over and over.

    There are none, and looking takes a fifth of the time that listing does.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _bounded(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_BYTES:
        raise ValueError
    return path.read_bytes()


def _dump(files: dict[str, tuple[Stamp, Content]]) -> bytes:
    """Write JSON; nothing where a name in another encoding than UTF-8 has no place in it."""
    try:
        return _STORED.dump_json(_Stored(_readers(), files))
    except (PydanticSerializationError, UnicodeEncodeError):
        return b""


@cache
def _readers() -> str:
    """Mark the code that reads files: what another version said of them is not believed."""
    sources = sorted(Path(formats.__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    digest.update(" ".join(map(_version, _READERS)).encode())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
