"""Drafts outlive pages, and what is not saved is not dropped."""

import pytest
from PIL import Image

from preprocessing.captions.drafts import save
from textual_inversion.errors import DatasetError
from webui.caption_editor.drafts import MOST_OPEN, Drafts


@pytest.fixture
def folders(tmp_path):
    """More folders than may be open."""
    for number in range(MOST_OPEN + 1):
        folder = tmp_path / str(number)
        folder.mkdir()
        Image.new("RGB", (8, 8)).save(folder / "a.png")
    return [str(tmp_path / str(number)) for number in range(MOST_OPEN + 1)]


def type_hat(draft):
    return draft.type(0, "hat")


def test_what_is_not_saved_is_there_when_the_folder_is_opened_again(folders):
    drafts = Drafts()
    key = drafts.open(folders[0])
    drafts.update(key, type_hat)
    assert drafts.get(drafts.open(f"{folders[0]}/../0/")).captions == ("hat",)
    assert drafts.discard(key).captions == (None,)


def test_a_folder_with_nothing_to_save_is_read_anew(folders, tmp_path):
    drafts = Drafts()
    key = drafts.open(folders[0])
    drafts.update(key, lambda draft: save(type_hat(draft)))
    (tmp_path / "0" / "a.txt").write_text("cat")
    assert drafts.get(drafts.open(folders[0])).captions == ("cat",)


def test_only_so_many_are_open_but_none_is_lost_unsaved(folders):
    drafts = Drafts()
    keys = [drafts.open(folder) for folder in folders]
    with pytest.raises(DatasetError, match="press Open again"):
        drafts.get(keys[0])
    for key in keys[1:]:
        drafts.update(key, type_hat)
    with pytest.raises(DatasetError, match=r"8 folders have captions .* those of .*/1 first"):
        drafts.open(folders[0])
    assert drafts.knows(folders[1])
    assert not drafts.knows(folders[0])


@pytest.mark.parametrize("name", ["", "nowhere", "a\0b"])
def test_what_is_no_folder_is_one_sentence(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert not Drafts().knows(name)
    with pytest.raises(DatasetError, match="no folder|No folder|cannot be read"):
        Drafts().open(name)
