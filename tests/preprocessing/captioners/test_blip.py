"""Small models of the BLIP family describe pictures through the true transformers classes."""

import json
import shutil

import pytest
from PIL import Image

from preprocessing.captioners import blip
from tests.preprocessing.captioners.opening import opened
from textual_inversion.errors import ModelError
from textual_inversion.settings import PreprocessSettings

RED, BLUE = (Image.new("RGB", (40, 30), colour) for colour in ("red", "blue"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    from tests.preprocessing.captioners.blips import blip

    return blip(tmp_path_factory.mktemp("blip"))


@pytest.mark.slow
def test_a_sentence_is_as_long_as_asked(tiny):
    captioner = opened(blip, tiny, caption_min_length=5, caption_max_length=5)
    (caption,) = captioner.caption([RED])
    assert 0 < len(caption.split()) <= 5
    assert "[" not in caption


@pytest.mark.slow
def test_a_batch_says_what_each_picture_alone_says(tiny):
    captioner = opened(blip, tiny, caption_min_length=0, caption_num_beams=2)
    assert captioner.caption([RED, BLUE]) == [*captioner.caption([RED]), *captioner.caption([BLUE])]


def test_a_least_above_the_most_counts_as_the_most(tiny):
    lengths = blip.Lengths.of(PreprocessSettings(source="a", destination="b", caption_max_length=1))
    assert lengths == blip.Lengths(min_length=1, max_length=1, num_beams=1)


@pytest.mark.parametrize("description", ['{"model_type": "bert"}', "{", "[]"])
def test_another_kind_of_model_is_refused(tmp_path, description):
    (tmp_path / "config.json").write_text(description)
    for name in ("model.safetensors", "preprocessor_config.json", "tokenizer.json"):
        (tmp_path / name).write_text("not read")
    with pytest.raises(ModelError, match=r"config.json does not describe a BLIP or BLIP-2 model"):
        opened(blip, tmp_path)


def test_a_folder_without_weights_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "blip"}))
    with pytest.raises(
        ModelError, match=r"is not a complete model for BLIP: it has no \*.safetensors"
    ):
        opened(blip, tmp_path)


def test_damaged_weights_are_named(tiny, tmp_path):
    folder = shutil.copytree(tiny, tmp_path / "blip")
    (folder / "model.safetensors").write_bytes(b"cut short")
    with pytest.raises(ModelError, match="blip cannot be loaded as a BLIP model: .*header"):
        opened(blip, folder)


def test_short_names_stand_for_models_of_the_hub():
    settings = PreprocessSettings(source="a", destination="b", blip_model="large")
    assert "Salesforce/blip-image-captioning-large" in blip.describe(settings)


@pytest.mark.slow
def test_a_trained_one_tells_what_it_sees(tmp_path):
    from tests.preprocessing.captioners.blips import blip as make

    captioner = opened(blip, make(tmp_path, steps=80), caption_min_length=0)
    assert captioner.caption([RED, BLUE]) == ["a red house", "a blue house"]


@pytest.mark.slow
def test_blip_2_speaks(tmp_path):
    from tests.preprocessing.captioners.blips import blip2

    captioner = opened(blip, blip2(tmp_path), caption_min_length=3, caption_max_length=6)
    captions = captioner.caption([RED, BLUE])
    assert len(captions) == 2
    assert all("<image>" not in caption for caption in captions)
