import pytest

from tests.runs.past.conftest import make_run
from textual_inversion.errors import BusyError, TrainingError
from textual_inversion.runs.folder import run_folders, working_in
from textual_inversion.runs.past.removing import delete_run, deleted_runs, undelete_run


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_a_deleted_run_comes_back_as_it_was(log_dir):
    folder = make_run(log_dir, "v1.5-cat")
    before = files(folder)
    delete_run(log_dir, folder)
    assert (run_folders(log_dir), folder.parent.exists()) == ([], False)
    assert undelete_run(log_dir) == folder
    assert (files(folder), deleted_runs(log_dir)) == (before, [])


def test_what_has_taken_its_place_stays(log_dir):
    delete_run(log_dir, make_run(log_dir, "v1.5-cat"))
    make_run(log_dir, "v1.5-cat")
    assert undelete_run(log_dir, "2026-01-01/v1.5-cat").name == "v1.5-cat-2"
    assert len(run_folders(log_dir)) == 2


def test_one_that_trains_stays(log_dir):
    folder = make_run(log_dir, "cat")
    with working_in(folder), pytest.raises(BusyError, match="stop it before you delete its run"):
        delete_run(log_dir, folder)
    assert run_folders(log_dir) == [folder]


def test_a_folder_of_another_place_stays(log_dir, tmp_path):
    folder = make_run(tmp_path / "other", "cat")
    with pytest.raises(TrainingError, match="is not in"):
        delete_run(log_dir, folder)
    assert folder.is_dir()


def test_nothing_to_undo_is_said(log_dir):
    with pytest.raises(TrainingError, match="No run was deleted from .*; there is nothing to undo"):
        undelete_run(log_dir)
    delete_run(log_dir, make_run(log_dir, "cat"))
    with pytest.raises(TrainingError, match='No run called "cta" .*; choose cat'):
        undelete_run(log_dir, "cta")
