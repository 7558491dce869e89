"""A training with another tokenizer than its base model's."""

import json
import shutil

import pytest
import torch
from PIL import Image

from tests import tiny
from tests.cats import make_cat, run, vectors
from textual_inversion.errors import ModelError
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.training.run import train

PREVIEWS = {"save_image_every": 2, "preview_prompt": "[name] in red"}


@pytest.fixture
def swapped(home):
    """The name of a tokenizer that takes red for blue."""
    return tiny.swapped_tokenizer(home / "models" / "swapped", "red", "blue").name


def previews(home):
    paths = sorted((home / "runs").glob("*/cat-x*/images/*.png"))
    return [Image.open(path).tobytes() for path in paths]


def forget_runs(home):
    for folder in (home / "runs").iterdir():
        shutil.rmtree(folder)


def kept(home):
    (path,) = (home / "runs").glob("*/*/settings.json")
    return TrainSettings.build(json.loads(path.read_text()))


@pytest.mark.slow
def test_a_run_is_that_of_a_model_which_has_the_tokenizer(home, cat, swapped):
    own = shutil.copytree(cat["model"], home / "own")
    shutil.rmtree(own / "tokenizer")
    shutil.copytree(home / "models" / swapped, own / "tokenizer")
    found = []
    for chosen in ({"model": str(own)}, {"tokenizer": swapped}, {}):
        make_cat(cat["model"])
        run({**cat, **chosen}, resume="never", **PREVIEWS)
        found.append((vectors(home), previews(home)))
        forget_runs(home)
    assert torch.equal(found[0][0], found[1][0])
    assert not torch.equal(found[1][0], found[2][0])
    assert found[0][1] == found[1][1] != found[2][1]


@pytest.mark.slow
def test_a_resumed_run_keeps_the_tokenizer_of_its_settings(home, cat, swapped):
    run(cat, tokenizer=swapped)
    whole = vectors(home)
    make_cat(cat["model"])
    forget_runs(home)
    run(cat, tokenizer=swapped, max_steps=2)
    assert kept(home).tokenizer == swapped
    list(train(kept(home).model_copy(update={"max_steps": 4}), Control()))
    assert torch.equal(vectors(home), whole)


def test_a_tokenizer_that_is_not_there_ends_the_run_in_one_sentence(home, cat):
    with pytest.raises(ModelError, match='There is no tokenizer "nowhere"; give the path'):
        run(cat, tokenizer="nowhere")
