"""What the bar above the form tells its script."""

import html
import json
import re

import gradio as gr
import pytest

from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk
from textual_inversion.settings.presets.built_in import BUILT_IN
from webui.form import draw_form
from webui.train.finding import FindingBar

pytestmark = pytest.mark.slow


@pytest.fixture
def known():
    with gr.Blocks():
        bar = FindingBar()
        bar.listen(draw_form("train", TrainSettings))
    (text,) = re.findall('data-known="([^"]*)"', bar.html())
    return json.loads(html.unescape(text))


def test_every_field_is_told_with_its_default_and_its_group(known):
    drawn = {path: value for path, (value, *_) in known["fields"].items()}
    assert drawn == {knob.path: knob.default for knob in walk(TrainSettings)}
    _, group, marked, held = known["fields"]["flip"]
    assert (known["groups"][group], marked, held) == ("train-pictures-and-captions-part", 1, 1)
    assert known["fields"]["embedding"][1:] == [0, 0, 0]


def test_there_are_four_groups_beside_the_essentials(known):
    essentials = [path for path, (_, group, *_) in known["fields"].items() if not group]
    assert essentials == [
        "embedding", "dataset_dir", "template", "learning_rate", "max_steps", "batch_size",
        "gradient_accumulation_steps", "preset", "model",
    ]  # fmt: skip
    assert len(known["groups"]) == 5


def test_presets_are_told_with_what_they_set(known):
    assert known["presets"]["quick"] == BUILT_IN["quick"].values
