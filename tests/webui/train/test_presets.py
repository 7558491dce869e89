"""The buttons below the field of presets."""

import gradio as gr
import pytest

from textual_inversion.errors import TextualInversionError
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings.presets.kept import find_preset, own_presets
from webui.train.presets import PresetRow

FORM = {"embedding": "", "preset": "none", "flip": 0.5}


@pytest.fixture
def act(tmp_path, monkeypatch):
    monkeypatch.setenv("TI_HOME", str(tmp_path))
    row = PresetRow(Runner())

    def do(what, values=FORM, **data):
        return row._act(gr.EventData(None, {"do": what, **data}), values)

    return do


def test_the_forms_values_are_kept_and_chosen(act):
    said, field = act("save", name=" mine ")
    assert (field, find_preset("mine")) == ({"value": "mine"}, {"flip": 0.5})
    assert said.startswith("Kept as mine, in ")


def test_only_the_chosen_preset_is_replaced(act):
    act("save", name="mine")
    with pytest.raises(TextualInversionError, match='a preset "mine" already'):
        act("save", {**FORM, "flip": 0.1}, name="mine")
    act("save", {**FORM, "flip": 0.1, "preset": "mine"}, name="mine")
    assert find_preset("mine") == {"flip": 0.1}


def test_a_file_comes_up_under_its_name(act):
    assert act("upload", name="theirs", text='{"embedding": "cat", "flip": 1}')[1] == {}
    assert find_preset("theirs") == {"flip": 1.0}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"max_steps": 0}', '{"flip": "x"}', "{}"])
def test_a_bad_file_is_one_sentence_and_leaves_nothing(act, text):
    with pytest.raises(TextualInversionError, match="^theirs[^\n]*[.]$"):
        act("upload", name="theirs", text=text)
    assert own_presets() == []


def test_one_is_deleted_but_none_that_is_built_in(act):
    act("save", name="mine")
    assert act("delete", name="mine")[1] == {"value": "none"}
    with pytest.raises(TextualInversionError, match="no preset of your own"):
        act("delete", name="quick")


def test_without_a_run_there_is_nothing_to_take(act):
    with pytest.raises(TextualInversionError, match="No run is shown"):
        act("run", name="mine")
