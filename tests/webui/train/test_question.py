"""A run goes on with other settings only after it was asked."""

import pytest

from tests.cats import run, settings
from textual_inversion.runs.folder import run_folders
from textual_inversion.settings import TrainSettings
from webui.train.question import changes, question_html


@pytest.fixture
def trained(home, cat):
    run(cat)
    (folder,) = run_folders(home / "runs")
    return folder


@pytest.mark.slow
def test_only_what_was_changed_is_asked_about_and_not_that_it_trains_longer(cat, trained):
    assert changes(trained, settings(cat)) == []
    assert changes(trained, settings(cat, max_steps=8, resume="latest")) == []
    assert changes(trained, settings(cat, batch_size=1, shuffle_tags=True)) == [
        ("Batch size", "2", "1"), ("Shuffle tags by ','", "off", "on"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", [None, "[]", '{"batch_size": "many"}'])
def test_a_run_whose_settings_cannot_be_read_goes_on_unasked(tmp_path, text):
    if text is not None:
        (tmp_path / "settings.json").write_text(text)
    given = TrainSettings(embedding="cat-x", dataset_dir="pictures")
    assert changes(tmp_path, given) == []


def test_the_run_is_named_and_of_many_changes_six(tmp_path):
    many = [(f"Setting {at}", "", "<b>") for at in range(8)]
    html = question_html(tmp_path / "2026-01-31" / "cat", many)
    assert "2026-01-31/cat" in html
    assert "Setting 5: empty in the run, &lt;b&gt; here" in html
    assert "Setting 6" not in html
    assert "and 2 more" in html
