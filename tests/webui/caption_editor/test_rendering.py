"""What the editor shows; what a browser sends is believed only as far as it fits."""

import pytest
from PIL import Image

from preprocessing.captions.drafts import open_draft
from preprocessing.captions.tags import adding
from webui.caption_editor import rendering
from webui.caption_editor.actions import CHANGES, STEPS, Edit, can
from webui.caption_editor.rendering import PER_PAGE, View


@pytest.fixture
def draft(tmp_path, monkeypatch):
    """Three pictures: "cat, red", "dog & <b>", and one without a caption."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    for place, caption in enumerate(["cat, red", "dog & <b>", None]):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{place}.png")
        if caption:
            (tmp_path / f"{place}.txt").write_text(caption)
    return open_draft(tmp_path)


def no_count(_):
    return None


@pytest.mark.parametrize(
    "data", [None, [], "x", {}, {"key": 3, "chosen": ["1", None], "leaf": "x", "show": "no"}]
)
def test_what_is_no_view_is_an_empty_one(data):
    view = View.of(data)
    assert (view.show, view.leaf, view.chosen) == ("all", 0, ())


def test_a_view_travels_to_the_browser_and_back():
    view = View("/a", "with the tag", "cat", 2, (4, 1), "cat")
    assert View.of(view.to_json()) == view


@pytest.mark.parametrize(
    ("show", "tag", "places"),
    [
        ("all", "cat", [0, 1, 2]),
        ("with the tag", "CAT", [0]),
        ("with the tag", "", [0, 1, 2]),
        ("without the tag", "cat", [1, 2]),
        ("changed", "", []),
    ],
)
def test_a_filter_shows_what_it_says(draft, show, tag, places):
    assert View(show=show, tag=tag).indices(draft) == places


def test_changes_go_to_what_is_chosen_or_to_all_that_is_shown(draft):
    assert View(chosen=(1,)).targets(draft) == [1]
    assert View(show="without the tag", tag="cat").targets(draft) == [1, 2]
    assert View(chosen=(99, -1)).targets(draft) == [0, 1, 2]


def test_what_is_not_there_is_let_go_of(draft):
    fitted = View(show="with the tag", tag="cat", leaf=9, chosen=(1, 7, 0)).fitted(draft)
    assert (fitted.leaf, fitted.chosen, fitted.text) == (0, (0,), "cat, red")


def test_what_files_say_is_written_as_text(draft):
    drawn = rendering.grid_html(draft, View(chosen=(1,)), no_count)
    assert "dog &amp; &lt;b&gt;" in drawn
    assert "no caption" in drawn
    assert drawn.count("aria-pressed") == 3
    assert drawn.count('aria-pressed="true"') == 1
    assert drawn.count("<img ") == 3
    assert "&lt;b&gt;</button></td><td>1</td>" in rendering.tags_html(draft)


def test_long_captions_and_changed_ones_are_marked(draft):
    changed = draft.change([0], adding("hat", at="end"))
    drawn = rendering.grid_html(changed, View(), lambda text: 80 if "dog" in text else 3)
    assert ("0.png · changed<" in drawn, "1.png · 80 tokens<" in drawn) == (True, True)
    assert "1 changed, not saved" in rendering.summary_html(changed, View())
    assert "too long" in rendering.tokens_html(80)
    assert rendering.tokens_html(None) == ""


def test_many_pictures_come_in_leaves(draft):
    many = type(draft)(draft.folder, draft.pictures * 40, ("a",) * 120, ("a",) * 120)
    view = View(leaf=2, chosen=(3,))
    assert view.in_sight(many) == list(range(2 * PER_PAGE, 120))
    assert rendering.leaf_html(many, view) == "<p>97 to 120 of 120</p>"


def test_every_button_does_something_to_a_draft(draft):
    edit = Edit("red", "blue", is_expression=False, anywhere=True)
    made = {name: make(edit, draft)("red, cat, Red") for name, (_, make) in CHANGES.items()}
    assert made == {
        "front": "red, cat, Red",
        "end": "red, cat, Red",
        "remove": "cat",
        "replace": "blue, cat, blue",
        "first": "red, Red, cat",
        "sort": "cat, red, Red",
        "frequency": "cat, red, Red",
        "once": "red, cat",
    }
    assert [name for name in STEPS if can(draft, name)] == []
    assert [n for n in STEPS if can(draft.type(0, "x"), n)] == ["undo", "save", "discard"]
