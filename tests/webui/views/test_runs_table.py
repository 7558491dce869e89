"""The queue and the table as a page sees them, and what their buttons do."""

import re
import threading
from typing import get_args

import gradio as gr
import pytest

from tests.runs.test_history import stepped, write
from textual_inversion.events import Finished, Started
from textual_inversion.jobs.queue import Queue
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.folder import working_in
from textual_inversion.runs.past.removing import deleted_runs
from textual_inversion.runs.state import State
from textual_inversion.settings import TrainSettings
from webui.tabs.runs import act_on_run, act_on_ticket, keys_after
from webui.theme import STYLE_SHEET
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


def waiting(gate):
    """Make a job that has no folder yet, and ends when it is let."""

    def job(control):
        gate.wait(5)
        yield Finished(0, "stopped")

    return job


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
    asked = [do for do, which in buttons(table.runs_html()) if which == stopped]
    assert asked == ["open", "compare", "settings", "resume", "delete"]
    act_on_run(worker, table, "resume", stopped)
    (ticket,) = worker.queue.waiting()
    assert ticket.settings.max_steps == 9
    assert ticket.settings.resume.endswith("day/cat")
    assert worker.woken == 1
    with pytest.raises(gr.Error, match="waits or works already"):
        act_on_run(worker, table, "resume", stopped)


def test_a_running_one_can_be_asked(home, table, worker, stopped):
    with working_in(home / "runs" / stopped):
        asked = [do for do, _ in buttons(table.working_html())]
        can_be_looked_at = [do for do, _ in buttons(table.runs_html())]
        act_on_run(worker, table, "sample", stopped)
    assert asked == ["stop", "save", "sample"]
    assert can_be_looked_at == ["open", "compare", "settings"]
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


def test_what_is_trained_heads_the_queue_in_its_own_state(home, worker, stopped, monkeypatch):
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0)
    runner = Runner()
    table = open_runs_table(worker.queue, home / "runs", runner)
    assert table.working_html() == ""
    gate = threading.Event()
    runner.start("train", waiting(gate), name="owl")
    runner.stop("train")
    assert re.findall(r"ti-state-(\w+)", table.working_html()) == ["stopping"]
    assert "<b>owl</b>" in table.working_html()
    assert buttons(table.working_html()) == []
    gate.set()
    runner.close(5)
    assert table.working_html() == ""


def test_every_state_has_a_colour_of_its_own():
    rules = re.findall(
        r"\.ti-state-(\w+) \.ti-dot \{ background: ([^;]+);", STYLE_SHEET.read_text()
    )
    colours = dict(rules)
    assert set(colours) == {*get_args(State), "waiting"}
    assert len(set(colours.values())) == len(colours)


def test_a_deleted_run_leaves_the_table_and_the_list_of_what_is_open(home, table, worker, stopped):
    act_on_run(worker, table, "delete", stopped)
    assert table.runs_html() == '<p class="ti-none">No runs yet.</p>'
    assert [one.name for one in deleted_runs(home / "runs")] == ["cat"]


@pytest.mark.parametrize(
    ("do", "keys", "after"),
    [
        ("open", ["a", "b"], ["c"]),
        ("compare", [], ["c"]),
        ("compare", ["a"], ["a", "c"]),
        ("compare", ["a", "b"], ["a", "c"]),
        ("compare", ["c"], ["c"]),
        ("delete", ["a", "c"], ["a"]),
        ("stop", ["a"], ["a"]),
    ],
)
def test_a_press_says_which_runs_are_open(do, keys, after):
    assert keys_after(do, "c", keys) == after


def test_columns_are_named_once_and_only_by_what_differs(home, table, stopped):
    write(home / "runs" / "day" / "dog", Started("dog", 0, 9), batch_size=3)
    named = re.findall(r'data-shows="(\w+)"', table.columns_html())
    assert named == ["state", "step", "loss", "best", "max_steps", "batch_size"]
    assert set(re.findall(r'data-column="(\w+)"', table.runs_html())) == set(named)
    before = table.columns_state_key()
    write(home / "runs" / "day" / "dog", stepped(4, 0.5, 1.0), batch_size=3)
    assert table.columns_state_key() == before
