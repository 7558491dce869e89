import subprocess
import sys

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
