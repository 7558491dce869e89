"""Sentences of the core name fields as the page does, and leave everything else alone."""

import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings import (
    CreateSettings,
    GenerateSettings,
    GridSettings,
    PreprocessSettings,
    TrainSettings,
)
from textual_inversion.settings.knobs import walk
from webui.fields.wording import in_labels, named_path

MODELS = [CreateSettings, GenerateSettings, GridSettings, PreprocessSettings, TrainSettings]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("max_steps must be at least 1 (got 0)", "Max steps must be at least 1 (got 0)"),
        ("width: no; height: no", "Width: no; Height: no"),
        ("dataset_dir (--dataset-dir) is missing", "Dataset directory is missing"),
        ("train with --precision fp32.", 'train with "Precision" fp32.'),
        ("Take min_timestep down", 'Take "From timestep" down'),
        ("the width of shuffle_tags.txt", "the width of shuffle_tags.txt"),
        ("runs/max_steps; --max-steps-now", "runs/max_steps; --max-steps-now"),
    ],
)  # fmt: skip
def test_settings_are_named_by_their_labels(text, shown):
    assert in_labels(text, TrainSettings) == shown


@pytest.mark.parametrize("model", MODELS)
def test_no_complaint_shows_a_name_of_a_field_or_a_flag(model):
    wrong = {knob.path: object() for knob in walk(model)}
    with pytest.raises(SettingsError) as caught:
        model.build(wrong)
    shown = " ".join(in_labels(text, model) for _, text in caught.value.mistakes)
    assert "--" not in shown
    assert [path for path in wrong if "_" in path and path in shown.split()] == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("min_timestep 9 lies above max_timestep 3; swap them", "min_timestep"),
        ("The learning rate 1e+09 is too high", "learning_rate"),
        ("The preview prompt is odd", "preview_prompt"),
        ("Nothing is named here", ""),
    ],
)
def test_the_setting_that_a_sentence_is_about_is_found(text, path):
    assert named_path(text, TrainSettings) == path
