import json

import pytest

from commandline import queue
from commandline.main import main
from tests.runs.test_history import stepped, write
from textual_inversion.errors import SettingsError, TrainingError
from textual_inversion.events import Started
from textual_inversion.jobs.queue import Queue
from textual_inversion.runs.folder import working_in
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings


@pytest.fixture
def folder(home):
    """The folder of a run at step 3 of 9."""
    made = home / "runs" / "2026-01-01" / "cat"
    write(made, Started("cat", 0, 9, str(made)), stepped(3, 0.5, 6.0))
    return made


def test_status_tells_what_runs_and_what_waits(home, folder, capsys):
    Queue().add(TrainSettings(embedding="dog", dataset_dir="pictures"))
    with working_in(folder):
        assert main(["status"]) == 0
    title, row, *rest = capsys.readouterr().out.splitlines()
    assert title.split() == ["RUN", "STATE", "STEP", "LOSS", "BEST", "LEFT", "FOLDER"]
    assert row.split()[:7] == ["cat", "running", "3/9", "0.5000", "-", "12", "s"]
    assert rest[0] == "queue 1: dog waiting"
    assert "ti train --queue" in rest[1]


def test_a_dead_process_leaves_a_killed_run(home, folder, capsys):
    assert main(["status", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["runs"]
    assert (row["name"], row["state"], row["step"]) == ("cat", "killed", 3)


@pytest.mark.parametrize("named", [[], ["cat"], ["runs/2026-01-01/cat"]])
@pytest.mark.parametrize("wish", ["stop", "save", "sample"])
def test_a_running_training_is_asked_through_its_folder(home, folder, capsys, wish, named):
    with working_in(folder):
        assert main([wish, *named]) == 0
    assert (folder / f"{wish}.request").exists()


def test_nobody_to_ask_is_one_sentence(home, folder, capsys):
    assert main(["stop", "cat"]) == 1
    assert 'ti: No training of "cat" runs' in capsys.readouterr().err
    assert main(["save"]) == 1


def test_stop_takes_what_waits_out_of_the_queue(home, capsys):
    Queue().add(TrainSettings(embedding="dog", dataset_dir="pictures"))
    assert main(["stop", "dog"]) == 0
    assert Queue().tickets() == []


def queued(train, *names, interrupt=None):
    for name in names[:-1]:
        Queue().add(TrainSettings(embedding=name, dataset_dir="pictures"))
    last = TrainSettings(embedding=names[-1], dataset_dir="pictures")
    return queue.work_queue(last, train, interrupt or Control())


def test_a_queue_is_trained_through_and_remembers_a_failure(home, capsys):
    trained = []

    def train(settings, control):
        trained.append(settings.embedding)
        if settings.embedding == "bad":
            raise TrainingError("No luck.")
        return 0

    assert queued(train, "a", "bad", "b") == 1
    assert trained == ["a", "bad", "b"]
    assert "ti: bad: No luck." in capsys.readouterr().err


def test_several_processes_do_not_queue_the_same_twice(home, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SettingsError, match="for one process"):
        queued(lambda settings, control: 0, "a")


def test_a_stop_of_one_is_not_the_end_of_the_queue(home):
    trained = []

    def train(settings, control):
        trained.append(settings.embedding)
        control.ask("stop")
        return 130

    assert queued(train, "a", "b") == 0
    assert trained == ["a", "b"]


def test_ctrl_c_keeps_the_rest_for_another_time(home, capsys):
    interrupt, trained = Control(), []

    def train(settings, control):
        trained.append(settings.embedding)
        interrupt.stop.set()
        assert control.stopping
        return 130

    assert queued(train, "a", "b", interrupt=interrupt) == 130
    assert trained == ["a"]
    assert [ticket.name for ticket in Queue().waiting()] == ["a", "b"]


def test_the_queue_waits_for_a_training_of_another_process(home, folder, monkeypatch, capsys):
    held = working_in(folder)
    held.__enter__()
    monkeypatch.setattr(queue.time, "sleep", lambda _: held.__exit__(None, None, None))
    assert queued(lambda settings, control: 0, "a") == 0
    assert "Waiting for the end of" in capsys.readouterr().err


@pytest.mark.slow
def test_the_queue_trains_from_the_command_line(home, pictures, stacks, capsys):
    model = str(stacks["sd1"])
    small = ["--dataset-dir", "pictures", "--model", model, "--max-steps", "1"]
    main(["create", "my-dog", "--model", model])
    assert main(["train", "my-dog", *small, "--save-image-every", "0", "--queue"]) == 0
    assert main(["train", "gone", *small, "--queue"]) == 1
    assert main(["train", "--queue"]) == 0
    capsys.readouterr()
    main(["status"])
    said = capsys.readouterr().out
    assert "my-dog  finished  1/1" in said
    assert "queue 1: gone failed: " in said
