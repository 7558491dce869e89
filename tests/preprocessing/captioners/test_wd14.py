"""A true ONNX tagger, written on the spot, sees what it should and words it as asked."""

import pytest
from PIL import Image

from preprocessing.captioners import wd14
from tests.preprocessing.captioners.onnxfile import tagger
from tests.preprocessing.captioners.opening import opened
from textual_inversion.errors import ModelError

pytest.importorskip("onnxruntime")


def test_every_error_of_the_runtime_is_a_fault():
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    assert issubclass(state.DeviceReset, wd14._onnx_errors())
    assert not issubclass(KeyboardInterrupt, wd14._onnx_errors())


_TAGS = [("general", 9), ("red_thing", 0), ("blue_thing", 0), ("hero_(story)", 4), ("^_^", 0)]


@pytest.fixture
def model(tmp_path):
    """Red and blue things are seen by their colour; the hero always, but not very surely."""
    folder = tmp_path / "tagger"
    folder.mkdir()
    blue, green, red = [0, 0, 0.1, 0, 0], [0] * 5, [0, 0.1, 0, 0, 0]
    tagger(folder / "model.onnx", [blue, green, red], [9, -12, -12, 1, -9])
    rows = [f"{number},{name},{kind},7" for number, (name, kind) in enumerate(_TAGS)]
    (folder / "selected_tags.csv").write_text("\n".join(["tag_id,name,category,count", *rows]))
    return folder


def picture(colour, size=(8, 8)):
    return Image.new("RGB", size, colour)


def test_red_is_red_and_ratings_are_left_out(model):
    captions = opened(wd14, model).caption([picture("red"), picture("blue"), picture("black")])
    assert captions == ["red thing", "blue thing", ""]


def test_characters_have_a_threshold_of_their_own(model):
    captions = opened(wd14, model, wd14_character_threshold=0.7).caption([picture("red")])
    assert captions == [r"hero \(story\), red thing"]


def test_the_surest_comes_first_when_asked(model):
    choices = {"wd14_character_threshold": 0.7, "tags_alphabetical": False, "tags_escape": False}
    captions = opened(wd14, model, **choices).caption([picture("red")])
    assert captions == ["red thing, hero (story)"]


def test_a_long_picture_stands_on_white(model):
    assert opened(wd14, model).caption([picture("black", (80, 8))]) == ["blue thing, red thing"]


def test_a_model_for_one_picture_at_a_time_takes_several(model):
    tagger(model / "model.onnx", [[0] * 5] * 3, [0, 9, -9, -9, -9], batch=1)
    assert opened(wd14, model).caption([picture("red")] * 2) == ["red thing", "red thing"]


def test_a_model_and_a_list_that_do_not_belong_together_are_refused(model):
    tagger(model / "model.onnx", [[0] * 4] * 3, [0] * 4)
    with pytest.raises(ModelError, match="the model scores 4 tags, the list has 5"):
        opened(wd14, model)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.onnx", "is not a loadable ONNX model"),
        ("selected_tags.csv", "is not a list of tags"),
    ],
)
def test_a_damaged_file_is_named(model, name, words):
    (model / name).write_bytes(b"damaged")
    with pytest.raises(ModelError, match=f"{name} is .*") as caught:
        opened(wd14, model)
    assert words in str(caught.value)


def test_a_folder_without_a_model_is_named(model):
    (model / "model.onnx").unlink()
    with pytest.raises(ModelError, match="is not a model for WD14: it has no model.onnx"):
        opened(wd14, model)
