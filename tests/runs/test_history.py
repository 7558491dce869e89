import json

import pytest

from textual_inversion.events import Evaluated, Failed, Finished, Started, Stepped, to_dict
from textual_inversion.runs.folder import working_in
from textual_inversion.runs.history import RunHistory, differing
from textual_inversion.runs.state import read_run
from textual_inversion.settings import TrainSettings


def write(folder, *events, **settings):
    """Add to a run's log, as a run does."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.json").write_text(
        TrainSettings(embedding="cat", dataset_dir="pictures", **settings).to_json()
    )
    with (folder / "events.jsonl").open("a") as file:
        file.writelines(json.dumps(to_dict(event)) + "\n" for event in events)


def stepped(step, loss, seconds):
    return Stepped(step, 9, loss, 0.005, seconds)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "2026-01-01" / "cat"


def only(table):
    (row,) = table.rows()
    return row


def test_a_run_is_summed_up(folder, tmp_path):
    steps = [stepped(1, 0.5, 1.0), stepped(2, 0.4, 2.0), stepped(3, None, 3.0)]
    read = [Evaluated(2, 0.3, 0, 0, 0), Evaluated(3, 0.35, 0, 0, 0)]
    write(folder, Started("cat", 0, 9), *steps, *read, max_steps=9)
    row = only(RunHistory(tmp_path))
    assert (row.name, row.state, row.step, row.total) == ("cat", "killed", 3, 9)
    assert (row.loss, row.best, row.best_step) == (0.4, 0.3, 2)
    assert row.settings["max_steps"] == 9


def test_only_what_is_new_is_read_and_comes_to_the_same(folder, tmp_path):
    table = RunHistory(tmp_path)
    write(folder, Started("cat", 0, 9), stepped(1, 0.5, 1.0))
    table.rows()
    write(folder, stepped(2, 0.4, 2.0), Finished(2, "stopped"))
    assert only(table) == only(RunHistory(tmp_path))
    assert (only(table).state, only(table).loss) == ("stopped", 0.4)


def test_whoever_works_shows_it(folder, tmp_path):
    write(folder, Started("cat", 0, 9), stepped(3, 0.5, 6.0))
    table = RunHistory(tmp_path)
    with working_in(folder):
        assert (only(table).state, only(table).seconds_left) == ("running", 12.0)
    assert (only(table).state, only(table).seconds_left) == ("killed", None)


def test_a_run_that_goes_on_takes_back_what_it_will_do_again(folder, tmp_path):
    write(folder, Started("cat", 0, 9), Evaluated(5, 0.1, 0, 0, 0), Failed(6, "no"))
    assert (only(RunHistory(tmp_path)).state, only(RunHistory(tmp_path)).message) == (
        "failed",
        "no",
    )
    write(folder, Started("cat", 4, 9), stepped(5, 0.2, 1.0))
    row = only(RunHistory(tmp_path))
    assert (row.state, row.step, row.best, row.message) == ("killed", 5, None, "")


@pytest.mark.parametrize(
    ("reason", "state"),
    [("done", "finished"), *((word, word) for word in ("finished", "converged", "stopped"))],
)
def test_an_end_is_told_by_the_word_for_its_state(folder, tmp_path, reason, state):
    write(folder, Started("cat", 0, 9), Finished(4, reason))
    assert only(RunHistory(tmp_path)).state == read_run(folder).state == state


def test_runs_with_a_checkpoint_can_go_on_unless_they_are_done(folder, tmp_path):
    write(folder, Started("cat", 0, 9), Finished(4, "stopped"))
    assert not only(RunHistory(tmp_path)).can_go_on
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "cat-4.ckpt").write_bytes(b"")
    assert only(RunHistory(tmp_path)).can_go_on
    write(folder, Started("cat", 4, 9), Finished(9, "finished"))
    assert not only(RunHistory(tmp_path)).can_go_on


def test_only_the_settings_that_differ_are_named(tmp_path):
    for place, (rate, size) in enumerate([("0.005", 4), ("0.001", 4), ("0.005", 4)]):
        folder = tmp_path / "day" / f"run-{place}"
        write(folder, Started("cat", 0, 9), learning_rate=rate, batch_size=size)
    assert differing(RunHistory(tmp_path).rows()) == ["learning_rate"]


def test_a_line_cut_short_is_read_when_it_is_whole(folder, tmp_path):
    table = RunHistory(tmp_path)
    write(folder, Started("cat", 0, 9))
    line = json.dumps(to_dict(stepped(1, 0.5, 1.0)))
    with (folder / "events.jsonl").open("a") as file:
        file.write(line[:20])
    assert only(table).step == 0
    with (folder / "events.jsonl").open("a") as file:
        file.write(line[20:] + "\n")
    assert only(table).step == 1


def test_a_folder_is_the_same_by_both_of_its_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for day, name in (("2026-01-01", "cats"), ("2026-01-02", str(tmp_path / "cats"))):
        folder = tmp_path / "runs" / day / "cat"
        write(folder, Started("cat", 0, 9))
        settings = TrainSettings(embedding="cat", dataset_dir=name).to_json()
        (folder / "settings.json").write_text(settings)
    assert differing(RunHistory(tmp_path / "runs").rows()) == []
