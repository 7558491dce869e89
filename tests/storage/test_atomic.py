import errno

import pytest

from textual_inversion.errors import StorageError
from textual_inversion.storage.atomic import whole_file, write_whole


def test_a_file_is_written_with_its_folders_and_nothing_beside_it(tmp_path):
    write_whole(tmp_path / "a" / "b" / "c.txt", b"new")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b", "c.txt"]
    assert (tmp_path / "a" / "b" / "c.txt").read_bytes() == b"new"


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "cat.json"
    write_whole(path, b"old")
    with whole_file(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path):
    path = tmp_path / "cat.pt"
    write_whole(path, b"old")
    with pytest.raises(StorageError) as caught, whole_file(path):
        raise OSError(errno.ENOSPC, "No space left on device")
    advice = "Free some space and try again."
    assert str(caught.value) == f"Could not write {path}: No space left on device. {advice}"
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("cat.pt", b"old")]


def test_a_failure_of_the_writer_passes_on_and_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), whole_file(tmp_path / "cat.pt"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_a_storage_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Could not write"):
        write_whole(tmp_path / "file" / "cat.pt", b"")


def test_a_name_too_long_for_the_disk_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="Choose a shorter name"):
        write_whole(tmp_path / ("x" * 300), b"")


def test_a_link_keeps_pointing_to_the_file_that_is_replaced(tmp_path):
    (tmp_path / "link.pt").symlink_to(tmp_path / "real.pt")
    write_whole(tmp_path / "link.pt", b"new")
    assert (tmp_path / "link.pt").is_symlink()
    assert (tmp_path / "real.pt").read_bytes() == b"new"
