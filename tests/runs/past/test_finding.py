import os
import shutil

import pytest

from tests.runs.past.conftest import make_run
from textual_inversion.errors import StorageError, TrainingError
from textual_inversion.runs.folder import working_in
from textual_inversion.runs.past.finding import find_run, read_past


def test_a_run_is_found_by_its_folder_its_day_or_its_embedding(log_dir):
    old = make_run(log_dir, "cat")
    new = make_run(log_dir, "cat", day="2026-01-02")
    os.utime(old / "events.jsonl", (1, 1))
    found = [find_run(log_dir, name) for name in (str(old), "2026-01-01/cat", "cat", "<cat>")]
    assert found == [old, old, new, new]


def test_what_is_not_there_is_said_with_the_nearest_name(log_dir):
    with pytest.raises(TrainingError, match='no run "cat" in .*; ti status --all'):
        find_run(log_dir, "cat")
    make_run(log_dir, "cat")
    with pytest.raises(TrainingError, match='no run "cta" in .*; choose cat'):
        find_run(log_dir, "cta")


def test_a_run_that_works_is_called_running(log_dir):
    folder = make_run(log_dir, "cat")
    assert read_past(folder).run.state == "finished"
    with working_in(folder):
        assert read_past(folder).run.state == "running"


def test_pictures_are_found_where_a_run_was_moved_to(log_dir):
    make_run(log_dir, "cat")
    past = read_past(shutil.move(log_dir / "2026-01-01", log_dir / "elsewhere") / "cat")
    assert all(past.picture(one).is_file() for one in past.run.previews)


def test_a_folder_without_a_log_is_refused_in_a_sentence(log_dir):
    with pytest.raises(StorageError, match="Could not read the run in"):
        read_past(log_dir)
