"""A form gives back the settings that were put into it."""

import gradio as gr
import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings import (
    CreateSettings,
    EvaluateSettings,
    GenerateSettings,
    GridSettings,
    PreprocessSettings,
    SuggestSettings,
    TrainSettings,
)
from textual_inversion.settings.knobs import walk
from webui.folders.allowed import AllowedFolders
from webui.form import draw_form

JOBS = [
    ("create", CreateSettings),
    ("preprocess", PreprocessSettings),
    ("train", TrainSettings),
    ("generate", GenerateSettings),
    ("grid", GridSettings),
    ("suggest", SuggestSettings),
    ("evaluate", EvaluateSettings),
]
SCHEDULES = {"learning_rate", "clipping_threshold"}


def draw(job, model, **options):
    with gr.Blocks():
        return draw_form(job, model, **options)


def other_value(knob):
    """A valid value that is not the default."""
    if knob.kind == "choice":
        return next(choice for choice in knob.choices if choice != knob.default)
    if knob.kind == "multi":
        return knob.choices[1::-1]
    if knob.kind == "bool":
        return not knob.default
    if knob.kind == "int":
        fitting = min(64, knob.maximum or 64)
        return fitting if knob.default != fitting else fitting + 8
    if knob.kind == "float":
        return (knob.maximum or 3.5) if knob.default != knob.maximum else knob.minimum
    if knob.ui.widget == "preset":
        return "quick"
    return f"an other {knob.path}" if knob.path not in SCHEDULES else "0.001:10, 0.0005"


def read_back(form, values):
    """Send values through the controls, as the page does."""
    controls = zip(form.controls, values, strict=True)
    return form.settings([control.preprocess(value) for control, value in controls])


@pytest.mark.slow
@pytest.mark.parametrize(("job", "model"), JOBS)
def test_settings_come_back_from_the_form_unchanged(job, model):
    form = draw(job, model)
    settings = model.build({knob.path: other_value(knob) for knob in walk(model)})
    assert read_back(form, form.updates(settings.model_dump())) == settings


@pytest.mark.slow
@pytest.mark.parametrize(("job", "model"), JOBS)
def test_an_untouched_form_holds_the_defaults(job, model):
    required = {knob.path: "given" for knob in walk(model) if knob.required}
    form = draw(job, model, initial=required)
    values = [control.value for control in form.controls]
    assert read_back(form, values) == model.build(required)


@pytest.mark.slow
@pytest.mark.parametrize(("job", "model"), JOBS)
def test_every_control_carries_its_knob(job, model):
    form = draw(job, model)
    shown = [(control.elem_id, control.label, control.info) for control in form.controls]
    assert shown == [(f"{job}-{k.path}", k.ui.label, k.help) for k in walk(model)]


def test_bounds_are_the_knobs_own():
    slider = draw("create", CreateSettings).by_path["num_vectors"]
    assert (slider.minimum, slider.maximum, slider.step) == (1, 75, 1)


def test_a_kept_value_of_another_type_is_left_alone():
    form = draw("train", TrainSettings)
    kept = {"max_steps": "many", "shuffle_tags": 1, "latent_sampling": "never", "embedding": "cat"}
    placed = dict(zip([k.path for k in form.knobs], form.updates(kept), strict=True))
    assert [path for path, value in placed.items() if value != gr.skip()] == ["embedding"]


def test_a_cleared_number_is_one_sentence():
    form = draw("train", TrainSettings, initial={"embedding": "cat"})
    values = form.values([control.value for control in form.controls]) | {"max_steps": None}
    with pytest.raises(SettingsError, match="max_steps is empty; it is 500 by default"):
        form.settings(list(values.values()))


@pytest.mark.parametrize(
    ("job", "model", "path"),
    [("create", CreateSettings, "num_vectors"), ("train", TrainSettings, "max_steps")],
)
def test_half_a_vector_or_step_is_refused_not_rounded(job, model, path):
    form = draw(job, model, initial={"name": "cat", "embedding": "cat", "dataset_dir": "cats"})
    values = [control.value for control in form.controls]
    values[[knob.path for knob in form.knobs].index(path)] = 2.5
    with pytest.raises(SettingsError, match=rf"{path} must be a whole number \(got 2.5\)"):
        read_back(form, values)


def test_a_dropdown_takes_what_was_typed():
    form = draw("train", TrainSettings, choices={"model": ["models/pocket"]})
    assert form.by_path["model"].preprocess("/somewhere/else") == "/somewhere/else"


@pytest.mark.slow
@pytest.mark.parametrize("kept", [None, "", "{", "[1]", {"gone": 1}, '{"gone": 1}'])
def test_what_the_browser_lacks_or_another_version_kept_is_as_drawn(kept):
    form = draw("train", TrainSettings)
    assert form.known(kept) == dict(form.initial)
    for before in ({"max_steps": 7}, '{"max_steps": 7}'):
        assert form.known(before)["max_steps"] == 7


def test_a_page_for_others_names_no_picture_outside_of_the_project(home, monkeypatch):
    monkeypatch.setattr("webui.form.ALLOWED", AllowedFolders(is_public=True))
    form = draw("grid", GridSettings)
    values = {**form.initial, "prompt": "a dog", "init_image": "/etc/private.png"}
    with pytest.raises(SettingsError, match=r"/etc/private\.png lies outside of this project"):
        form.settings([values[knob.path] for knob in form.knobs])
