"""Locks that end with the process that holds them, however it ends; `filelock` does the locking.

Whether a lock is held shows by trying to lock it. So that one check is not taken for a holder by
another, or by a start, they go one after another: each holds <name>.check meanwhile.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Self

from textual_inversion.errors import StorageError
from textual_inversion.storage.atomic import explain, os_errors

# filelock is imported where it is used, so that `ti --help` does without.
if TYPE_CHECKING:
    from filelock import BaseFileLock

_CHECK_SECONDS = 1.0  # what a check waits for others, which take microseconds
_POLL_SECONDS = 0.005


class FileLock:
    """A lock file that is held; the file is removed when it is released."""

    def __init__(self, path: Path, lock: BaseFileLock) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def take(cls, path: Path) -> FileLock | None:
        """Take the lock; None while another holder has it.

        Raises:
            StorageError: The file cannot be created.
        """
        with _no_other_check(path):
            return _acquire(path, timeout=0)

    def __enter__(self) -> Self:
        return self

    def release(self) -> None:
        """Release the lock, and leave its file."""
        self._lock.release()

    def __exit__(self, *_: object) -> None:
        import filelock

        # On Unix filelock leaves the file; removed while it is locked, nobody else can hold it. The
        # other kinds of lock remove theirs.
        if isinstance(self._lock, filelock.UnixFileLock):
            with contextlib.suppress(OSError):
                self.path.unlink()
        self.release()


@contextlib.contextmanager
def one_at_a_time(path: Path, *, wait_seconds: float) -> Iterator[None]:
    """Keep other threads and processes out of the same block; they wait for its end.

    The lock's file stays, because one that waits for it has opened it already.

    Raises:
        StorageError: The file cannot be created, or another one has not ended in time.
    """
    with os_errors(path, doing="lock"):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = _acquire(path, timeout=wait_seconds)
    if lock is None:
        raise StorageError(f"{path} has been locked for {wait_seconds:g} s; try again.")
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a living process, this one included, has the lock."""
    if not path.exists():
        return False
    with _no_other_check(path):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return False
        try:
            return not _try_lock(descriptor)
        finally:
            os.close(descriptor)  # it unlocks, too


def _try_lock(descriptor: int) -> bool:
    from filelock import lock_descriptor

    try:
        return lock_descriptor(descriptor, blocking=False)
    except OSError:  # the file system has no locks: there the file itself is the lock
        return False


def _acquire(path: Path, *, timeout: float) -> FileLock | None:
    import filelock

    # It may be released by another thread than the one that took it.
    lock = filelock.FileLock(path, timeout, poll_interval=_POLL_SECONDS, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        return None
    except OSError as error:
        raise StorageError(explain(path, error)) from None
    return FileLock(path, lock)


@contextlib.contextmanager
def _no_other_check(path: Path) -> Iterator[None]:
    """Wait for the end of other checks of a lock and keep them out during the block."""
    try:
        check = _acquire(path.with_name(f"{path.name}.check"), timeout=_CHECK_SECONDS)
    except StorageError:  # in a folder that cannot be written to, checks go without
        check = None
    with check or contextlib.nullcontext():
        yield
