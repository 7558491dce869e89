"""The settings of a run, as the form takes them."""

import pytest

from textual_inversion.errors import TrainingError
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from webui.train.loading import shown_settings


def test_a_runs_settings_are_read_but_for_how_it_was_resumed(tmp_path):
    settings = TrainSettings(embedding="cat", dataset_dir="x", max_steps=7, resume="never")
    (tmp_path / "settings.json").write_text(settings.to_json())
    read = shown_settings(Run(kind="train", folder=str(tmp_path)))
    assert read == {key: value for key, value in settings.model_dump().items() if key != "resume"}


@pytest.mark.parametrize("run", [None, Run(kind="train"), Run(kind="train", folder="nowhere")])
def test_without_a_run_it_is_said(run):
    with pytest.raises(TrainingError, match="No run is shown"):
        shown_settings(run)
