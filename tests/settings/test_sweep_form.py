"""The rows of the Sweep tab come to what `ti sweep --over` is given."""

import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings import SweepFormSettings, SweepSettings
from textual_inversion.settings.knobs import walk

SHARED = {"embedding": "cat", "dataset_dir": "pictures"}


def form(**changes):
    return SweepFormSettings.build(SHARED, changes)


def test_a_form_comes_to_the_settings_of_the_command_line():
    made = form(max_steps=7, setting_3="seed", values_3="0,1", samples=3, name="other").sweep()
    assert made == SweepSettings.build(
        {**SHARED, "embedding": "other", "max_steps": 7, "samples": 3},
        {"over": ("learning_rate=auto, 0.005", "seed=0,1")},
    )


def test_without_a_name_the_sweep_is_called_as_the_embedding():
    assert form().sweep().embedding == "cat"


def test_rows_come_first_and_every_control_has_a_help():
    knobs = list(walk(SweepFormSettings))
    assert [knob.path for knob in knobs[:3]] == ["name", "setting_1", "values_1"]
    assert all(knob.help.endswith(".") for knob in knobs)
    assert {"over", "resume"}.isdisjoint(knob.path for knob in knobs)


def test_the_page_chooses_the_engine_but_no_cluster():
    knobs = [knob.path for knob in walk(SweepFormSettings)]
    assert ("engine" in knobs, "address" in knobs) == (True, False)
    assert form(engine="ray", gpus_per_batch=0.5).sweep().engine == "ray"


@pytest.mark.parametrize(
    ("values", "path", "sentence"),
    [
        ({"setting_1": "none"}, "setting_1", "Choose the setting that takes these values."),
        ({"values_1": " "}, "values_1", "learning_rate has no values here; list some with commas."),
        (
            {"setting_2": "learning_rate", "values_2": "1"},
            "setting_2",
            "learning_rate stands in two rows; list all its values in one.",
        ),
        (
            {"setting_1": "none", "values_1": ""},
            "setting_1",
            "Choose a setting in which the runs differ.",
        ),
    ],
)
def test_an_incomplete_row_is_said_of_its_field(values, path, sentence):
    with pytest.raises(SettingsError) as caught:
        form(**values).sweep()
    assert caught.value.mistakes == ((path, sentence),)
