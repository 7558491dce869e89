"""The editor's handlers, without a browser."""

import gradio as gr
import pytest
from PIL import Image

from textual_inversion.jobs.device_lock import DeviceLock
from webui.caption_editor.actions import CHANGES, STEPS
from webui.caption_editor.editor import Editor
from webui.caption_editor.rendering import View

FIELDS = ("red", "", False, False)


@pytest.fixture(scope="module")
def editor():
    with gr.Blocks():
        return Editor(DeviceLock(), gr.Textbox("models/pocket"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    monkeypatch.setenv("TI_HOME", str(tmp_path))
    for name in ("a", "b"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text(f"red, {name}")
    return tmp_path


def drawn(editor, values):
    """What was drawn, by the names of the places."""
    names = [place.elem_id for place in editor.fields.drawn]
    return dict(zip(names, values, strict=True))


@pytest.mark.slow
def test_a_change_to_all_is_seen_at_once_and_written_when_saved(editor, folder):
    view = drawn(editor, editor._open(str(folder), "all", "", ""))["captions-view"]
    removed = drawn(editor, editor._changer(CHANGES["remove"][1])(view, "", "", *FIELDS))
    assert "2 changed, not saved" in removed["captions-summary"]
    assert removed["captions-save-button"]["interactive"]
    assert (folder / "a.txt").read_text() == "red, a"
    saved = drawn(editor, editor._stepper(STEPS["save"][1])(removed["captions-view"], "", ""))
    assert "nothing to save" in saved["captions-summary"]
    assert [(folder / f"{name}.txt").read_text() for name in "ab"] == ["a\n", "b\n"]


@pytest.mark.slow
def test_what_was_typed_is_not_lost_when_something_else_is_pressed(editor, folder):
    key = editor.drafts.open(str(folder))
    view = View(key, chosen=(1,), text="red, b").to_json()
    seen = editor._look(view, "red, b, hat", "")
    assert "1 changed, not saved" in seen[0]
    assert editor.drafts.get(key).captions == ("red, a", "red, b, hat")
    editor.drafts.discard(key)


@pytest.mark.slow
def test_a_complaint_is_a_toast_and_draws_nothing(editor, folder):
    view = drawn(editor, editor._open(str(folder), "all", "", ""))["captions-view"]
    with pytest.warns(UserWarning, match="is not a regular expression"):
        values = editor._changer(CHANGES["remove"][1])(view, "", "", "(", "", True, False)
    assert values == [gr.skip()] * len(editor.fields.drawn)


def test_a_page_comes_back_to_a_folder_of_the_project_only(editor, folder, tmp_path_factory):
    nothing = [gr.skip()] * len(editor.fields.drawn)
    for name in ("gone", str(tmp_path_factory.mktemp("elsewhere")), "/etc", "", None):
        assert editor._restore(name, "all", "", "") == nothing
    assert "2 pictures" in editor._restore(str(folder), "all", "", "")[7]


class Happening:
    """What the browser tells of an event."""

    def __init__(self, **data):
        self.__dict__.update(data)


def test_a_caption_typed_in_the_grid_draws_nothing_under_the_typing(editor, folder):
    key = editor.drafts.open(str(folder))
    view = View(key, chosen=(1,), text="red, b").to_json()
    values = editor._type_in_grid(view, "red, b", "", Happening(index=1, text=" blue "))
    assert editor.drafts.get(key).captions == ("red, a", "blue")
    assert (values[0]["text"], values[1]) == ("blue", "blue")
    assert editor.fields.grid not in editor.fields.typed
    for strange in (-1, 9, "x", None):
        editor._type_in_grid(view, "red, b", "", Happening(index=strange, text="lost"))
    assert "lost" not in editor.drafts.get(key).captions
    editor.drafts.discard(key)


def test_a_picture_opens_in_its_own_size(editor, folder):
    view = View(editor.drafts.open(str(folder))).to_json()
    assert "a.png" in editor._enlarge(view, Happening(large=0))
    assert editor._enlarge(view, Happening(large=9)) == ""
    assert editor._enlarge(view, Happening(large="x")) == gr.skip()
