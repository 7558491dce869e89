"""A crop chosen by hand is kept in the manifest and used until it is taken back."""

import pytest
from PIL import Image

from preprocessing import preprocess
from preprocessing.files.manifest import Manifest, crop_from
from textual_inversion.errors import DatasetError
from textual_inversion.events import Warned
from textual_inversion.settings import PreprocessSettings


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (300, 0, 400, 200))
    picture.save(folder / "a.png")
    return folder


def prepare(source, target):
    settings = PreprocessSettings(source=str(source), destination=str(target))
    events = list(preprocess(settings, size=16))
    with Image.open(target / "00000-0-a.png") as image:
        is_unchanged = any("unchanged" in e.message for e in events if isinstance(e, Warned))
        return image.size, image.getpixel((8, 8)), is_unchanged


def choose(source, target, crop):
    manifest = Manifest.read(target)
    manifest.set_crop(source / "a.png", crop)
    manifest.save()


def test_a_crop_is_used_kept_and_taken_back(source, tmp_path):
    target = tmp_path / "out"
    assert prepare(source, target) == ((16, 16), (255, 0, 0), False)
    choose(source, target, (0.75, 0.25, 0.25, 0.5))
    assert prepare(source, target) == ((16, 16), (0, 0, 255), False)
    assert prepare(source, target) == ((16, 16), (0, 0, 255), True)
    choose(source, target, None)
    assert prepare(source, target) == ((16, 16), (255, 0, 0), False)


def test_a_crop_stays_inside_of_its_picture():
    assert crop_from([-1, 0.5, 2, 2]) == (0, 0.5, 1, 0.5)


@pytest.mark.parametrize("box", [None, [], [0, 0, 1], [0, 0, 1, "1"], [0, 0, float("nan"), 1], 3])
def test_what_is_no_box_is_one_sentence(box):
    with pytest.raises(DatasetError, match="The crop is no box; drag it again"):
        crop_from(box)


def test_a_box_without_area_is_refused():
    with pytest.raises(DatasetError, match="too small; make it larger"):
        crop_from([0, 0, 0, 1])
