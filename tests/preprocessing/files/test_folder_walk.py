import os

import pytest

from preprocessing.files.folder_walk import find_recursively
from textual_inversion.errors import DatasetError


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "10/a.png", "2/c.png", "2/deep/d.png", ".hidden/e.png", "texts/f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def names(folder, **choices):
    return [str(path.relative_to(folder)) for path in find_recursively(folder, **choices).pictures]


def test_folders_below_come_after_as_people_count(folder):
    assert names(folder) == ["b.png", "2/c.png", "2/deep/d.png", "10/a.png"]


def test_links_that_lead_round_in_circles_end(folder):
    (folder / "2" / "up").symlink_to(folder)
    (folder / "again").symlink_to(folder / "10")
    (folder / "loop").symlink_to(folder / "loop")
    assert sorted(names(folder)) == ["10/a.png", "2/c.png", "2/deep/d.png", "b.png"]


def test_what_is_left_out_is_not_walked_into(folder):
    (folder / "other-way").symlink_to(folder / "2")
    assert names(folder, leave_out=[folder / "2"]) == ["b.png", "10/a.png"]


def test_what_is_left_out_may_be_a_link_to_itself(folder):
    (folder / "loop").symlink_to(folder / "loop")
    assert names(folder, leave_out=[folder / "loop"])[0] == "b.png"


def test_no_picture_anywhere_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="and those below it hold no pictures; put some in"):
        find_recursively(tmp_path)


def test_a_missing_folder_is_said(tmp_path):
    with pytest.raises(DatasetError, match="There is no folder"):
        find_recursively(tmp_path / "nowhere")


@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="everything may be read by root")
def test_a_folder_that_may_not_be_read_is_named(folder):
    (folder / "10").chmod(0)
    tree = find_recursively(folder)
    assert [path.name for path in tree.pictures] == ["b.png", "c.png", "d.png"]
    assert tree.problems == [f"Folder {folder / '10'} cannot be read: Permission denied."]
    (folder / "10").chmod(0o700)
