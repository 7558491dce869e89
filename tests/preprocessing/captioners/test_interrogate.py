import threading

import pytest
from PIL import Image

from preprocessing.captioners import blip
from preprocessing.captioners.interrogate import interrogate
from tests.generators import drained
from textual_inversion.errors import DatasetError, ModelError


@pytest.fixture
def photos(tmp_path):
    Image.new("RGB", (40, 30), "red").save(tmp_path / "red.png")
    return tmp_path


def asked(place):
    return drained(interrogate(place, threading.Event()))[1]


@pytest.mark.slow
def test_blip_describes_a_picture_and_the_first_one_of_a_folder(photos, monkeypatch, tmp_path):
    from tests.preprocessing.captioners.blips import blip as write

    monkeypatch.setitem(blip._MODEL_NAMES, "base", str(write(tmp_path / "weights")))
    caption = asked(photos / "red.png")
    assert caption
    assert asked(photos) == caption


def test_without_weights_or_pictures_one_sentence_says_so(photos, monkeypatch, tmp_path):
    monkeypatch.setitem(blip._MODEL_NAMES, "base", str(tmp_path / "nowhere"))
    with pytest.raises(ModelError, match="BLIP"):
        asked(photos)
    (photos / "red.png").unlink()
    with pytest.raises(DatasetError, match="holds no pictures"):
        asked(photos)
