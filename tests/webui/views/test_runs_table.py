"""The queue and the table as a page sees them, and what their buttons do."""

import re

import pytest

from tests.runs.test_history import stepped, write
from textual_inversion.events import Finished, Started
from textual_inversion.jobs.queue import Queue
from textual_inversion.runs.folder import working_in
from textual_inversion.settings import TrainSettings
from webui.tabs.runs import act_on_run, act_on_ticket
from webui.views import runs_table as module
from webui.views.runs_table import open_runs_table


class FakeWorker:
    """Stands in for QueueWorker where only its queue matters."""

    def __init__(self, queue):
        self.queue = queue
        self.woken = 0

    def wake(self):
        self.woken += 1


@pytest.fixture
def worker(home):
    return FakeWorker(Queue())


@pytest.fixture
def table(home, worker, monkeypatch):
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0)
    return open_runs_table(worker.queue, home / "runs")


@pytest.fixture
def stopped(home):
    """The name of a stopped run that can go on."""
    folder = home / "runs" / "day" / "cat"
    write(folder, Started("cat", 0, 9), stepped(4, 0.5, 1.0), Finished(4, "stopped"), max_steps=9)
    (folder / "checkpoints").mkdir()
    (folder / "checkpoints" / "cat-4.ckpt").write_bytes(b"")
    return "day/cat"


def buttons(html):
    return re.findall(r'data-do="(\w+)" data-which="([^"]+)"', html)


def test_an_empty_board_says_so(table):
    assert "Nothing waits" in table.queue_html()
    assert "No runs yet" in table.runs_html()
    assert table.is_idle() is False


def test_what_waits_shows_its_frozen_settings_and_can_be_moved(table, worker):
    worker.queue.add(TrainSettings(embedding="a", dataset_dir="pictures", max_steps=7))
    worker.queue.add(TrainSettings(embedding="b", dataset_dir="pictures"))
    said = table.queue_html()
    assert "ti train a --dataset-dir pictures --max-steps 7" in said
    second = worker.queue.waiting()[1].id
    assert ("up", second) in buttons(said)
    assert table.is_idle() is True
    act_on_ticket(worker, table, "up", second)
    assert [ticket.name for ticket in worker.queue.waiting()] == ["b", "a"]
    act_on_ticket(worker, table, "remove", second)
    assert [ticket.name for ticket in worker.queue.waiting()] == ["a"]


def test_a_stopped_run_goes_on_through_the_queue(table, worker, stopped):
    assert buttons(table.runs_html()) == [("resume", stopped), ("settings", stopped)]
    act_on_run(worker, table, "resume", stopped)
    (ticket,) = worker.queue.waiting()
    assert ticket.settings.max_steps == 9
    assert ticket.settings.resume.endswith("day/cat")
    assert worker.woken == 1


def test_a_running_one_can_be_asked(home, table, worker, stopped):
    with working_in(home / "runs" / stopped):
        asked = [do for do, _ in buttons(table.runs_html())]
        act_on_run(worker, table, "sample", stopped)
    assert asked == ["stop", "save", "sample", "settings"]
    assert (home / "runs" / stopped / "sample.request").exists()


def test_what_no_button_names_is_left_alone(table, worker, stopped):
    assert act_on_run(worker, table, "resume", "../../etc") is None
    assert act_on_run(worker, table, "dance", stopped) is None
    act_on_ticket(worker, table, "remove", "../x")
    assert worker.queue.tickets() == []


def test_the_table_names_what_differs_and_escapes_it(home, table, stopped):
    evil = "<img src=x>"
    write(home / "runs" / "day" / "dog", Started(evil, 0, 9), template=evil)
    said = table.runs_html()
    assert "Prompt template" in said
    assert evil not in said
    assert "Batch size" not in said


def test_marks_change_with_what_is_seen_and_not_otherwise(home, table, stopped):
    before = table.runs_state_key(), table.queue_state_key()
    assert (table.runs_state_key(), table.queue_state_key()) == before
    write(home / "runs" / stopped, Started("cat", 4, 9))
    assert table.runs_state_key() != before[0]
    assert table.queue_state_key() == before[1]
