"""The Create tab: what it says of a name as one types it."""

import gradio as gr
import pytest

from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.settings import CreateSettings
from webui.form import draw_form
from webui.tabs.create import _create, _name, _start


@pytest.fixture
def values(stacks, home):
    return {"model": str(stacks["sd1"])}


@pytest.mark.parametrize("name", ["cat", "<cat>"])
def test_a_word_that_the_model_knows_is_warned_of(values, name):
    said = _name({**values, "name": name}, DeviceLock())
    assert "&#34;cat&#34; is a word that the base model knows already" in said


@pytest.mark.parametrize("name", ["", None, "cat-x"])
def test_of_any_other_name_nothing_is_said(values, name):
    assert _name({**values, "name": name}, DeviceLock()) == ""


def test_a_name_that_will_not_do_is_told_as_one_types(values):
    assert "use letters, digits" in _name({**values, "name": "a/b"}, DeviceLock())


def test_a_model_that_is_not_there_is_no_fault_of_the_name_or_the_text(home):
    values = {"model": "nobody/nothing", "name": "cat-x", "initialization_text": "cat"}
    assert _name(values, DeviceLock()) == _start(values, DeviceLock()) == ""


@pytest.mark.slow
def test_creating_on_a_model_that_is_not_there_is_answered_at_the_model(home):
    with gr.Blocks():
        model = gr.Dropdown(["nobody/nothing"], elem_id="base-model")
        form = draw_form("create", CreateSettings, shared={"model": model})
    values = {**form.initial, "name": "cat-x", "model": "nobody/nothing"}
    with pytest.raises(gr.Error) as caught:
        list(_create(form, list(values.values()), DeviceLock()))
    assert "ti-field:base-model" in str(caught.value.message)
