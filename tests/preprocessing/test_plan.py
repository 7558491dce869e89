"""What would be done is said before it is."""

import re

import pytest
from PIL import Image

from preprocessing import preprocess
from preprocessing.plan import plan
from textual_inversion.errors import DatasetError
from textual_inversion.settings import PreprocessSettings


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 20)).save(folder / name)
    return folder


def settings(source, target, **choices):
    return PreprocessSettings(source=str(source), destination=str(target), **choices)


def test_a_plan_tells_what_is_read_and_written(source, tmp_path):
    chosen = settings(source, tmp_path / "out", flipped_copies="both", focal_crop=True)
    assert plan(chosen, size=16).sentence == (
        f"Reads 2 pictures in {source}, crops each around their focal point to 16 x 16 pixels, "
        f"and writes PNG to {tmp_path / 'out'}. With flipped copies that makes 6 files."
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"output_format": "captions"}, "writes only captions"),
        ({"keep_original_size": True, "output_format": "jpeg"}, "keeps their sizes, .* as JPEG"),
        ({"auto_sized_crop": True}, "to a size that suits it"),
        ({"split_oversized": True, "width": 24}, "24 x 16 pixels.* Long ones are split"),
    ],
)
def test_each_choice_has_its_words(source, tmp_path, choices, words):
    sentence = plan(settings(source, tmp_path / "out", **choices), size=16).sentence
    assert re.search(words, sentence)


def test_files_of_other_pictures_are_counted_and_ones_own_are_not(source, tmp_path):
    chosen = settings(source, tmp_path / "out")
    list(preprocess(chosen, size=16))
    assert plan(chosen, size=16).num_foreign == 0
    (tmp_path / "out" / "other.png").touch()
    assert plan(chosen, size=16).num_foreign == 1


def test_an_empty_field_is_not_a_folder_called_dot(source):
    with pytest.raises(DatasetError, match="Choose a folder of pictures, and where"):
        plan(settings(" ", "out"), size=16)
