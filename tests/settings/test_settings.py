import json
import re
from pathlib import Path

import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings import (
    CreateSettings,
    GenerateSettings,
    GridSettings,
    PreprocessSettings,
    SuggestSettings,
    SweepFormSettings,
    TrainSettings,
    read_settings_file,
)
from textual_inversion.settings.knobs import walk
from textual_inversion.storage.paths import find_folder

NEEDED = {
    CreateSettings: {"name": "x"},
    PreprocessSettings: {"source": "a", "destination": "b"},
    TrainSettings: {"embedding": "x", "dataset_dir": "pictures"},
    GenerateSettings: {"prompt": "x"},
    GridSettings: {"prompt": "x"},
    SuggestSettings: {"folder": "x"},
    SweepFormSettings: {"embedding": "x", "dataset_dir": "pictures"},
}
ALL = list(NEEDED)
TRAINED = NEEDED[TrainSettings]


@pytest.mark.parametrize("model", ALL)
def test_settings_survive_json(model):
    settings = model.build(NEEDED[model])
    assert model.build(json.loads(settings.to_json())) == settings


@pytest.mark.parametrize("model", ALL)
def test_every_knob_has_a_help_of_at_most_three_sentences(model):
    for knob in walk(model):
        assert 1 <= knob.help.count(". ") + 1 <= 3, knob.path
        assert knob.help.endswith("."), knob.path


@pytest.mark.parametrize("model", ALL)
def test_every_number_takes_a_one(model):
    """No trap: only pixels, which come in eights, may refuse it."""
    numbers = [k.path for k in walk(model) if k.kind in {"int", "float"}]
    for path in (path for path in numbers if not path.endswith(("width", "height"))):
        assert getattr(model.build(NEEDED[model], {path: 1}), path) == 1


def test_a_later_source_wins():
    built = TrainSettings.build({**TRAINED, "seed": 1, "max_steps": 7}, {"seed": 2})
    assert (built.seed, built.max_steps) == (2, 7)


@pytest.mark.parametrize("said", ["wd14, blip,wd14", ["wd14", "blip"], ("wd14", "blip")])
def test_several_names_keep_their_order_and_count_once(said):
    built = PreprocessSettings.build(NEEDED[PreprocessSettings], {"caption": said})
    assert built.caption == ("wd14", "blip")


def test_a_name_that_is_none_is_told():
    with pytest.raises(SettingsError, match=r"caption\.1 must be one of 'blip'.*'clip'"):
        PreprocessSettings.build(NEEDED[PreprocessSettings], {"caption": "blip,clip"})


def test_all_complaints_come_in_one_line():
    with pytest.raises(SettingsError) as caught:
        TrainSettings.build({**TRAINED, "max_steps": 0, "width": 100, "colour": 1})
    assert "max_steps must be at least 1 (got 0)" in str(caught.value)
    assert "width must be a multiple of 8 (got 100)" in str(caught.value)
    assert "colour is no setting here" in str(caught.value)


def test_a_faulty_schedule_is_a_settings_error():
    with pytest.raises(SettingsError, match="abc"):
        TrainSettings.build({**TRAINED, "learning_rate": "abc"})


def test_a_file_of_a_later_version_is_refused():
    with pytest.raises(SettingsError, match="schema_version is 99"):
        TrainSettings.build({**TRAINED, "schema_version": 99})


@pytest.mark.parametrize(("text", "words"), [("{", "is not JSON"), ("[1]", "one JSON object")])
def test_a_faulty_settings_file_is_named(tmp_path, text, words):
    path = tmp_path / "s.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        read_settings_file(path)


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_folder_of_pictures_is_asked_for(blank):
    with pytest.raises(SettingsError, match="is missing; give the folder with the prepared"):
        TrainSettings.build({"embedding": "cat", "dataset_dir": blank})


def test_a_missing_settings_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="nowhere.json cannot be read"):
        read_settings_file(tmp_path / "nowhere.json")


def test_folders_are_found_here_and_else_in_the_project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TI_HOME", raising=False)
    project = Path(__file__).resolve().parents[2]
    assert find_folder("templates") == project / "templates"
    (tmp_path / "templates").mkdir()
    assert find_folder("templates") == Path("templates")
    assert find_folder("nowhere") == Path("nowhere")


def test_what_is_made_goes_home_when_a_home_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("TI_HOME", str(tmp_path))
    project = Path(__file__).resolve().parents[2]
    assert find_folder("outputs") == tmp_path / "outputs"
    assert find_folder("templates") == project / "templates"


def test_a_preset_stands_behind_what_was_chosen():
    frugal = TrainSettings.build({**TRAINED, "preset": "low-vram"})
    assert (frugal.pictures_at_once, frugal.gradient_checkpointing) == (1, True)
    chosen = {"gradient_checkpointing": False, "pictures_at_once": 2}
    mixed = TrainSettings.build({**TRAINED, "preset": "low-vram"}, chosen)
    assert (mixed.pictures_at_once, mixed.gradient_checkpointing) == (2, False)
    assert TrainSettings.build(json.loads(mixed.to_json())) == mixed


def test_what_a_form_shows_at_its_default_is_chosen_only_beside_a_preset():
    shown = TrainSettings.build(TRAINED).model_dump()
    assert TrainSettings.changed(shown) == TRAINED
    # The form was filled in with the preset's values, and changed after that.
    beside = TrainSettings.changed({**shown, "preset": "low-vram"})
    assert not TrainSettings.build(beside).gradient_checkpointing


def test_an_older_files_sliced_attention_is_understood():
    assert TrainSettings.build({**TRAINED, "sliced_attention": True}).attention == "sliced"
    assert TrainSettings.build({**TRAINED, "sliced_attention": False}).attention == "sdpa"


def test_auto_is_understood_however_it_is_typed():
    typed = TrainSettings.build({**TRAINED, "learning_rate": " Auto "})
    assert typed == TrainSettings.build(TRAINED)


def test_what_was_not_measured_stands_at_what_guides_advise():
    chosen = TrainSettings.build(TRAINED)
    assert (chosen.tag_dropout, chosen.latent_sampling) == (0.1, "deterministic")


def test_a_run_from_before_keeps_the_values_in_its_settings_file(tmp_path):
    before = TrainSettings.build({**TRAINED, "tag_dropout": 0, "latent_sampling": "once"})
    (tmp_path / "settings.json").write_text(before.to_json())
    read = TrainSettings.build(read_settings_file(tmp_path / "settings.json"))
    assert (read.tag_dropout, read.latent_sampling) == (0, "once")


PYDANTICS = re.compile(
    r"Input|input should|Field required|permitted|unable to parse|something else"
)


def complaint_of(model, path, value):
    """What is said of a value; nothing where it will do."""
    try:
        model.build(NEEDED[model], {path: value})
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("model", ALL)
@pytest.mark.parametrize("wrong", [None, "", "wrong", -7, 1e12, [1]])
def test_no_setting_is_complained_of_in_pydantics_words(model, wrong):
    said = [complaint_of(model, knob.path, wrong) for knob in walk(model)]
    assert any(said)
    assert [words for words in said if PYDANTICS.search(words)] == []


def test_an_embedding_that_is_not_chosen_is_asked_for():
    with pytest.raises(SettingsError, match="embedding is missing; give the embedding to train"):
        TrainSettings.build(TRAINED, {"embedding": None})


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (GenerateSettings, "prompt"),
        (GenerateSettings, "negative_prompt"),
        (GridSettings, "column_values"),
        (SuggestSettings, "words"),
        (CreateSettings, "initialization_text"),
        (TrainSettings, "preview_prompt"),
    ],
)
def test_bytes_that_are_no_text_are_refused_where_words_are_read(model, field):
    from_the_command_line = b"a \x80 cat".decode(errors="surrogateescape")
    with pytest.raises(SettingsError) as caught:
        model.build(NEEDED[model] | {field: from_the_command_line})
    assert str(caught.value) == f"{field}: holds bytes that are no text; write it in UTF-8"


@pytest.mark.parametrize("model", [GenerateSettings, GridSettings])
def test_a_nul_in_a_folders_name_is_said(model):
    with pytest.raises(SettingsError) as caught:
        model.build(NEEDED[model] | {"output": "a\0b"})
    assert str(caught.value) == "output: holds a NUL, which no path can; take it out"
