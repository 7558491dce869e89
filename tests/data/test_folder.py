import pytest
from PIL import Image

from textual_inversion.data.folder import list_pictures, read_folder
from textual_inversion.data.resizing import Fit
from textual_inversion.errors import DatasetError


def put(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (64, 64)).save(folder / name)


def test_a_folder_that_begins_with_a_number_repeats_its_pictures(tmp_path):
    put(tmp_path, "a.png")
    put(tmp_path / "3_side", "b.png")
    put(tmp_path / "others", "c.png")
    put(tmp_path / "0_never", "d.png")
    found = {item.path.name: item.repeats for item in read_folder(tmp_path, Fit(64, 64))}
    assert found == {"a.png": 1, "b.png": 3}


def test_pictures_may_all_lie_in_repeated_folders(tmp_path):
    put(tmp_path / "2_x", "a.png")
    assert [repeats for _, repeats in list_pictures(tmp_path)] == [2]


def test_a_link_back_to_the_folder_shows_no_picture_again(tmp_path):
    put(tmp_path, "a.png")
    (tmp_path / "3_self").symlink_to(tmp_path)
    assert list_pictures(tmp_path) == [(tmp_path / "a.png", 1)]


def test_a_folder_without_any_is_said(tmp_path):
    (tmp_path / "2_x").mkdir()
    with pytest.raises(DatasetError, match="no pictures"):
        list_pictures(tmp_path)
