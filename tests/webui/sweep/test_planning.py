"""What is wrong with a sweep is said of the field in which it is."""

import pytest

from textual_inversion.embeddings.library import Library
from textual_inversion.errors import SettingsError
from textual_inversion.settings import SweepFormSettings, SweepSettings
from textual_inversion.settings.comparison.many_runs import varying_fields
from textual_inversion.sweeps.engines import choice
from webui.sweep.planning import begin, knob_choices, make_plan


def planned(**changes):
    given = {"embedding": "cat-x", "dataset_dir": "pictures", **changes}
    return make_plan(SweepFormSettings.build(given))


def test_the_list_has_all_that_the_command_line_takes():
    assert [path for _, path in knob_choices()] == ["none", *varying_fields(SweepSettings)]
    assert ("Learning rate", "learning_rate") in knob_choices()


def test_rows_are_combined():
    plan = planned(setting_2="num_vectors", values_2="1, 4")
    assert [dict(run.values) for run in plan.runs][1:3] == [
        {"learning_rate": "auto", "num_vectors": "4"},
        {"learning_rate": "0.005", "num_vectors": "1"},
    ]


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"values_1": "auto, fast"}, "values_1", '"fast" is not a number'),
        (
            {"setting_2": "num_vectors", "values_2": "1, many"},
            "values_2",
            "Number of vectors per token must be a whole number (got 'many')",
        ),
        ({"setting_1": "samples"}, "setting_1", '"samples" is no setting that runs can differ in'),
        ({"name": "a/b"}, "name", "a/b"),
    ],
)
def test_a_mistake_names_its_field(changes, path, words):
    with pytest.raises(SettingsError) as caught:
        planned(**changes)
    ((found, sentence),) = caught.value.mistakes
    assert (found, words in sentence) == (path, True)


def test_an_engine_that_is_not_installed_is_said_of_the_engine(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match="Ray, which is not installed") as caught:
        planned(engine="ray")
    assert [path for path, _ in caught.value.mistakes] == ["engine"]


def test_a_name_that_is_taken_is_said_of_the_name(home, pictures, stacks):
    from textual_inversion.embeddings.create import create
    from textual_inversion.settings import CreateSettings

    taken = CreateSettings.build({"name": "cat-x-run2", "model": str(stacks["sd1"])})
    create(taken, Library(home / "embeddings"))
    with pytest.raises(SettingsError) as caught:
        begin(planned())
    assert [path for path, _ in caught.value.mistakes] == ["name"]


def test_other_settings_under_the_same_name_and_a_folder_that_is_missing_are_said(home, pictures):
    begin(planned())
    begin(planned())  # the same goes on
    with pytest.raises(SettingsError, match="was begun with") as caught:
        begin(planned(max_steps=7))
    assert [path for path, _ in caught.value.mistakes] == ["name"]
    with pytest.raises(SettingsError) as caught:
        begin(planned(name="other-x", dataset_dir="nowhere"))
    assert [path for path, _ in caught.value.mistakes] == ["dataset_dir"]
