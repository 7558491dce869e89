"""Drafts: what was done can be taken back, and nothing is lost on disk."""

from functools import reduce

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from preprocessing.captions.drafts import BACKUP_FOLDER, Draft, open_draft, save
from preprocessing.captions.tags import adding, alphabetical, parse_search, removing
from textual_inversion.errors import DatasetError, StorageError

REMOVE_RED = removing(parse_search("red"))


@pytest.fixture
def folder(tmp_path):
    """Three pictures; the last one has no caption."""
    for name in ("1.png", "2.png", "10.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    (tmp_path / "1.txt").write_text("cat, red\n")
    (tmp_path / "2.txt").write_text("red,dog")
    return tmp_path


def texts(folder):
    return {path.name: path.read_text() for path in folder.glob("*.txt")}


def test_a_folder_is_read_in_the_order_of_its_pictures(folder):
    draft = open_draft(folder)
    assert [path.name for path in draft.pictures] == ["1.png", "2.png", "10.png"]
    assert draft.captions == draft.stored == ("cat, red", "red,dog", None)
    assert draft.changed == []


def test_pictures_that_share_a_caption_are_shown_once(folder):
    Image.new("RGB", (8, 8)).save(folder / "1.jpg")
    draft = open_draft(folder)
    assert [path.name for path in draft.pictures] == ["1.jpg", "2.png", "10.png"]
    assert draft.num_hidden == 1


def test_a_change_goes_to_the_chosen_places(folder):
    draft = open_draft(folder).change([1, 2], REMOVE_RED)
    assert (draft.captions, draft.changed) == (("cat, red", "dog", None), [1])


def test_steps_are_taken_back_and_again(folder):
    first = open_draft(folder)
    second = first.change([0, 1], REMOVE_RED)
    third = second.change([2], adding("hat", at="end"))
    back = third.undo().undo()
    assert back.captions == back.undo().captions == first.captions
    assert back.redo().captions == second.captions
    assert back.redo().redo().redo().captions == third.captions
    assert back.type(0, "x").redo().captions == ("x", "red,dog", None)


def test_what_is_typed_in_one_go_is_one_step(folder):
    draft = open_draft(folder).change([0], alphabetical).type(0, "cat, red").type(0, "c")
    for text in ("ca", "cat", "cat "):
        draft = draft.type(0, text)
    assert draft.captions[0] == "cat"
    assert draft.undo() == open_draft(folder).type(0, "cat").undo()
    assert draft.type(1, "dog").undo().captions == ("cat", "red,dog", None)


def test_a_missing_caption_stays_missing_until_it_says_something(folder):
    draft = open_draft(folder).type(2, "hat")
    assert draft.type(2, " ").captions[2] is None
    assert open_draft(folder).type(0, "").captions[0] == ""


def test_places_are_found_by_tag(folder):
    draft = open_draft(folder)
    assert (draft.indices_with("RED "), draft.indices_with("re")) == ([0, 1], [])


def test_saving_keeps_every_old_caption_once(folder):
    draft = save(open_draft(folder).change(range(3), REMOVE_RED))
    assert texts(folder) == {"1.txt": "cat\n", "2.txt": "dog\n"}
    assert texts(folder / BACKUP_FOLDER) == {"1.txt": "cat, red\n", "2.txt": "red,dog"}
    save(draft.type(0, "").type(2, "hat"))
    assert texts(folder) == {"1.txt": "", "2.txt": "dog\n", "10.txt": "hat\n"}
    assert texts(folder / BACKUP_FOLDER) == {"1.txt": "cat, red\n", "2.txt": "red,dog"}


def test_only_what_changed_is_written(folder):
    before = (folder / "2.txt").stat().st_mtime_ns
    save(open_draft(folder).type(0, "cat"))
    assert (folder / "2.txt").stat().st_mtime_ns == before
    assert texts(folder / BACKUP_FOLDER) == {"1.txt": "cat, red\n"}


def test_a_saved_change_can_be_taken_back_to_no_caption_at_all(folder):
    draft = save(open_draft(folder).type(2, "hat")).undo()
    assert draft.changed == [2]
    save(draft)
    assert set(texts(folder)) == {"1.txt", "2.txt"}


def test_what_somebody_else_wrote_meanwhile_is_not_written_over(folder):
    draft = open_draft(folder).change(range(3), REMOVE_RED)
    (folder / "2.txt").write_text("mine")
    with pytest.raises(DatasetError, match=r"1 of the captions to save were changed .*2\.txt"):
        save(draft)
    assert texts(folder)["1.txt"] == "cat, red\n"


def test_a_saving_that_broke_off_can_be_done_again(folder):
    draft = open_draft(folder).change(range(3), REMOVE_RED)
    (folder / BACKUP_FOLDER).write_text("in the way")
    with pytest.raises(StorageError):
        save(draft)
    (folder / BACKUP_FOLDER).unlink()
    (folder / "1.txt").write_text("cat")
    assert save(draft).changed == []
    assert texts(folder) == {"1.txt": "cat\n", "2.txt": "dog\n"}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.text("ab, ", max_size=3)), max_size=20))
def test_whatever_was_done_can_be_undone_and_redone(tmp_path_factory, steps):
    start = Draft(tmp_path_factory.getbasetemp(), (), ("a", None), ("a", None))
    done = reduce(lambda draft, step: draft.type(*step), steps, start)
    back = reduce(lambda draft, _: draft.undo(), range(len(done.past)), done)
    assert back.captions == start.captions
    assert reduce(lambda draft, _: draft.redo(), done.past, back).captions == done.captions
