"""Presets: what those that are built in set, one's own, and how they meet other values."""

import json

import pytest

from commandline.compat.mapping import Options, train_settings
from textual_inversion.errors import SettingsError
from textual_inversion.settings import SCHEMA_VERSION, TrainSettings
from textual_inversion.settings.presets.built_in import BUILT_IN
from textual_inversion.settings.presets.checked import HELD, listed, preset_of, save_preset
from textual_inversion.settings.presets.kept import delete_preset, find_preset, own_presets

TRAINED = {"embedding": "cat", "dataset_dir": "pictures"}


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("TI_HOME", str(tmp_path))


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_preset_holds_valid_values_that_are_no_defaults(name):
    values = BUILT_IN[name].values
    assert preset_of(values, name) == values


def test_the_preset_of_diffusers_trains_as_its_script_does_by_default():
    given = {"placeholder_token": "cat", "train_data_dir": "pictures", "initializer_token": "toy"}
    given |= {"pretrained_model_name_or_path": "models/pocket", "report_to": "tensorboard"}
    script = train_settings(Options("diffusers", given), resume="never", seed=0).model_dump()
    ours = TrainSettings.build(TRAINED, {"preset": "diffusers"}).model_dump()
    differing = {knob.path for knob in HELD if script[knob.path] != ours[knob.path]}
    # The size is the base model's; without previews their prompt draws nothing.
    assert differing == {"width", "height", "report_to"}


def test_the_preset_of_a1111_has_the_values_of_its_train_tab():
    chosen = TrainSettings.build(TRAINED, {"preset": "a1111"})
    assert (chosen.learning_rate, chosen.batch_size, chosen.max_steps) == ("0.005", 1, 100_000)
    assert (chosen.template, chosen.latent_sampling) == ("style_filewords.txt", "once")
    assert (chosen.save_image_every, chosen.save_embedding_every) == (500, 500)
    assert (chosen.tag_dropout, chosen.crop, chosen.optimizer_name) == (0.0, "squash", "adamw")


def test_a_preset_stands_behind_what_was_chosen():
    mixed = TrainSettings.build({**TRAINED, "preset": "quick"}, {"max_steps": 7})
    assert (mixed.max_steps, mixed.save_image_every) == (7, 20)


def test_one_given_beside_a_settings_file_goes_before_the_file():
    stored = json.loads(TrainSettings.build(TRAINED).to_json())
    given = {"preset": "quick", "save_image_every": 3}
    merged = TrainSettings.build(TrainSettings.merge(stored, given))
    assert (merged.max_steps, merged.save_image_every, merged.preset) == (100, 3, "quick")


def test_one_of_ones_own_is_kept_listed_used_and_deleted(tmp_path):
    path = save_preset("mine", {**TRAINED, "resume": "never", "flip": 0.5, "seed": 0}, "this")
    assert path == tmp_path / "presets" / "mine.json"
    assert json.loads(path.read_text()) == {"schema_version": SCHEMA_VERSION, "flip": 0.5}
    assert (own_presets(), listed()["mine"].values) == (["mine"], {"flip": 0.5})
    assert TrainSettings.build(TRAINED, {"preset": "mine"}).flip == 0.5
    delete_preset("mine")
    assert own_presets() == []


def test_a_file_laid_there_by_hand_names_no_embedding_and_no_folder(tmp_path):
    (tmp_path / "presets").mkdir()
    text = TrainSettings.build(TRAINED, {"flip": 0.5, "log_dir": "elsewhere"}).to_json()
    (tmp_path / "presets" / "run.json").write_text(text)
    built = TrainSettings.build({"embedding": "dog", "dataset_dir": "x", "preset": "run"})
    assert (built.embedding, built.log_dir, built.flip) == ("dog", "runs", 0.5)


def test_a_runs_settings_outlive_the_preset_they_name():
    save_preset("mine", {"flip": 0.5}, "this")
    written = TrainSettings.build(TRAINED, {"preset": "mine"}).to_json()
    delete_preset("mine")
    assert TrainSettings.build(json.loads(written)).flip == 0.5


def test_a_preset_that_is_not_there_is_named_with_one_that_is():
    with pytest.raises(SettingsError, match='no preset "quikc"; did you mean quick?'):
        TrainSettings.build(TRAINED, {"preset": "quikc"})
    with pytest.raises(SettingsError, match="no preset"):
        find_preset("../mine")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"max_steps": "many"}, "this is no preset: max_steps must be a whole number"),
        ({"colour": "red"}, "this is no preset: colour is no setting here"),
        ({"max_steps": 500}, "this sets nothing but defaults"),
    ],
)
def test_what_is_no_preset_is_refused_in_a_sentence(values, said):
    with pytest.raises(SettingsError, match=said):
        save_preset("mine", values, "this")
    assert own_presets() == []


@pytest.mark.parametrize("name", ["quick", "none", "a/b", "", "Quick"])
def test_a_name_that_is_taken_or_no_file_name_is_refused(name):
    with pytest.raises(SettingsError):
        save_preset(name, {"flip": 0.5}, "this")


def test_a_broken_file_is_listed_with_what_is_wrong(tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "bad.json").write_text("{")
    assert "bad.json is no preset, because it is not JSON" in listed()["bad"].title
