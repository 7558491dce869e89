"""Atomic writes: a file appears whole or not at all, whatever its contents."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.errors import StorageError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader sees the old file or the new one, never a part."""
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, which replaces `path` if the block succeeds.

    The temporary name ends in `.part`, so a writer that goes by extensions must be given its
    format. Missing folders are created. A failed block leaves `path` unchanged and no other file.

    Raises:
        StorageError: The disk is full, the folder may not be written to, or the like.
    """
    try:
        target = path.resolve()  # through a link: the file it points to is the one to replace
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_name(f".{secrets.token_hex(8)}.part")
        with _removed_at_the_end(temporary):
            temporary.touch(exist_ok=False)
            yield temporary
            _flush_to_disk(temporary)
            temporary.replace(target)
    except OSError as error:
        raise StorageError(explain(path, error)) from error


@contextlib.contextmanager
def os_errors(path: Path, *, doing: str) -> Iterator[None]:
    """Turn an operating system's error in the block into one sentence.

    Raises:
        StorageError: There was one.
    """
    try:
        yield
    except OSError as error:
        raise StorageError(explain(path, error, doing=doing)) from error


def explain(path: Path, error: OSError, *, doing: str = "write") -> str:
    """Describe an operating system's error in a sentence, with advice on what to do."""
    return f"Could not {doing} {path}: {error.strerror or error}. {_advice(error.errno)}"


def _advice(code: int | None) -> str:
    if code in _FULL:
        return "Free some space and try again."
    if code in _FORBIDDEN:
        return "Allow this program to write there or choose another folder."
    if code == errno.ENAMETOOLONG:
        return "Choose a shorter name."
    return "Check that the folder exists and can be written to."


@contextlib.contextmanager
def _removed_at_the_end(temporary: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _flush_to_disk(path: Path) -> None:
    # Without this a crash of the machine can leave the new name with no content.
    with path.open("rb+") as file:
        os.fsync(file.fileno())
