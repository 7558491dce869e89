import subprocess
import sys
import threading
import time

import pytest

from textual_inversion.storage import file_lock
from textual_inversion.storage.file_lock import FileLock, is_held


def test_a_lock_has_one_holder_and_leaves_nothing(tmp_path):
    path = tmp_path / "deep" / "a.lock"
    assert not is_held(path)
    with FileLock.take(path):
        assert is_held(path)
        assert FileLock.take(path) is None
    assert not is_held(path)
    assert not path.exists()


def test_looking_does_not_take_the_lock_away(tmp_path):
    with FileLock.take(tmp_path / "a.lock"):
        assert [is_held(tmp_path / "a.lock") for _ in range(3)] == [True] * 3


@pytest.mark.slow
def test_a_lock_ends_with_its_process(tmp_path):
    path = tmp_path / "a.lock"
    code = (
        "import os, sys; from pathlib import Path; "
        "from textual_inversion.storage.file_lock import FileLock; "
        "lock = FileLock.take(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        assert is_held(path)
        process.kill()
        process.wait()
    assert not is_held(path)
    assert FileLock.take(path) is not None


def test_a_lock_file_of_a_killed_process_can_be_taken_and_is_removed(tmp_path):
    path = tmp_path / "a.lock"
    path.write_text("left")
    assert not is_held(path)
    with FileLock.take(path) as lock:
        assert lock is not None
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
def test_the_lock_of_an_earlier_version_is_understood(tmp_path):
    import fcntl

    path = tmp_path / "a.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert is_held(path)
        assert FileLock.take(path) is None
    with path.open() as file:  # and its check, for a moment
        fcntl.flock(file, fcntl.LOCK_SH)
        fcntl.flock(file, fcntl.LOCK_UN)
        assert FileLock.take(path) is not None


@pytest.mark.slow
@pytest.mark.parametrize("other", [is_held, FileLock.take])
def test_a_check_is_not_taken_for_a_holder(tmp_path, monkeypatch, other):
    path = tmp_path / "a.lock"
    path.touch()
    try_lock, locked = file_lock._try_lock, threading.Event()

    def slow(descriptor):
        taken = try_lock(descriptor)
        locked.set()
        time.sleep(0.2)
        return taken

    monkeypatch.setattr(file_lock, "_try_lock", slow)
    check = threading.Thread(target=is_held, args=(path,))
    check.start()
    assert locked.wait(5)
    monkeypatch.undo()
    assert other(path) is not (None if other == FileLock.take else True)
    check.join()
    assert [*tmp_path.glob("*.check")] == []
