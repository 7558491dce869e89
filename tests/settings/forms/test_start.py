"""What is chosen on the Start tab becomes the settings of three jobs."""

from typing import get_args

import pytest

from textual_inversion.prompts.template import list_templates
from textual_inversion.settings import StartSettings, TrainSettings
from textual_inversion.settings.forms.start import WORDS, Effort, Subject, has_same_pace

GIVEN = {"folder": "photos", "name": "<my-cat>", "initialization_text": "cat"}


def test_the_three_steps_are_about_the_same_thing():
    chosen = StartSettings.build(GIVEN, {"effort": "quick", "model": "models/small"})
    prepared = chosen.preparing("prepared/photos", focal_crop=True, recursive=False)
    trained, created = chosen.training(prepared.destination), chosen.creating()
    assert (prepared.source, prepared.focal_crop) == ("photos", True)
    assert (created.name, created.initialization_text, created.num_vectors) == ("my-cat", "cat", 2)
    assert (trained.embedding, trained.dataset_dir) == ("my-cat", "prepared/photos")
    assert {one.model for one in (created, prepared, trained)} == {"models/small"}


@pytest.mark.parametrize("kind", get_args(Subject))
def test_each_kind_has_its_template_prompt_and_words(kind):
    trained = StartSettings.build(GIVEN, {"kind": kind}).training("any")
    assert trained.template in list_templates()
    assert trained.template.startswith(kind)
    assert "[name]" in trained.preview_prompt
    assert len(set(WORDS[kind])) == len(WORDS[kind]) > 3


def test_more_thorough_is_longer_and_holds_more():
    chosen = [StartSettings.build(GIVEN, {"effort": effort}) for effort in get_args(Effort)]
    steps = [one.training("any").max_steps for one in chosen]
    vectors = [one.creating().num_vectors for one in chosen]
    assert (sorted(set(steps)), sorted(set(vectors))) == (steps, vectors)
    assert all(one.training("any").resume == "never" for one in chosen)


def test_a_name_in_use_before_is_not_resumed_and_a_step_is_as_long_as_one_alike():
    trained = StartSettings.build(GIVEN).training("any")
    assert has_same_pace(trained, {"max_steps": 7, "learning_rate": "0.1"})
    assert not has_same_pace(trained, {"batch_size": 8})
    assert not has_same_pace(trained, {"model": "models/other"})
    assert isinstance(trained, TrainSettings)
