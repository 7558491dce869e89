"""File locks that are released when the process that holds them ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Self

from textual_inversion.errors import StorageError
from textual_inversion.storage.atomic import explain

# `is_held` takes a shared lock for an instant, so one refusal is not final.
_TRIES = 5
_PAUSE_SECONDS = 0.02


class FileLock:
    """A lock file that is held; releasing it deletes the file."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path) -> FileLock | None:
        """Take the lock; return None while another process holds it.

        Raises:
            StorageError: The file cannot be created.
        """
        for _ in range(_TRIES):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                raise StorageError(explain(path, error)) from None
            if _lock(descriptor, shared=False) and _is_still(path, descriptor):
                return cls(path, descriptor)
            os.close(descriptor)
            time.sleep(_PAUSE_SECONDS)
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Delete first, while nobody else can hold it; Windows deletes only after closing.
        with contextlib.suppress(OSError):
            self.path.unlink()
        os.close(self._descriptor)
        if sys.platform == "win32":
            with contextlib.suppress(OSError):
                self.path.unlink()


def is_held(path: Path) -> bool:
    """Whether a living process, this one included, holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether `path` is still the opened file: it may have been deleted before it was locked."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False


def _lock(descriptor: int, *, shared: bool) -> bool:
    """Lock an open file without waiting; closing it unlocks."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            return True
        import fcntl

        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
