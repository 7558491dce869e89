"""Each mistake is led to its field, and said in the page's words."""

import gradio as gr
import pytest

from textual_inversion.errors import BusyError, EmbeddingError
from textual_inversion.settings import CreateSettings, TrainSettings
from webui.fields.mistakes import Mistake, mistakes_of
from webui.form import draw_form
from webui.layout import page_errors


@pytest.fixture(scope="module")
def form():
    with gr.Blocks():
        return draw_form("train", TrainSettings, initial={"embedding": "cat"})


def refused(form, **values):
    named = {**form.initial, **values}
    with pytest.raises(gr.Error) as caught, page_errors(form):
        form.settings([named[knob.path] for knob in form.knobs])
    return str(caught.value.message)


@pytest.mark.slow
def test_each_field_is_named_by_its_label_and_led_to(form):
    shown = refused(form, dataset_dir="cats", max_steps=0, min_timestep=-1)
    assert 'class="ti-mistake ti-field:train-max_steps">Max steps must be at least 1' in shown
    folded = 'ti-field:train-min_timestep ti-group:train-optimization-part">From timestep must'
    assert folded in shown


def test_what_is_wrong_between_fields_leads_to_the_first_that_it_names(form):
    shown = refused(form, dataset_dir="cats", min_timestep=9, max_timestep=3)
    assert "ti-field:train-min_timestep" in shown
    assert 'From timestep 9 lies above "To timestep" 3; swap them.' in shown.replace("&#34;", '"')


def test_an_empty_folder_is_asked_for_without_a_flag(form):
    shown = refused(form, dataset_dir="")
    assert "Dataset directory is missing; give the folder" in shown
    assert "--" not in shown


@pytest.mark.slow
def test_a_name_that_will_not_do_is_led_to_its_field():
    with gr.Blocks():
        form = draw_form("create", CreateSettings)
    error = EmbeddingError("The embedding's name 'a/b' contains '/': use letters.")
    assert mistakes_of(error, form) == [Mistake(str(error), "create-name")]


def test_what_is_about_no_field_leads_nowhere(form):
    busy = "A job of this kind is already running (cat, step 3 of max_steps 9); stop it."
    (found,) = mistakes_of(BusyError(busy), form)
    assert (found.field, found.sentence.count("max_steps")) == ("", 0)
