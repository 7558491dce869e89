"""The queue and the table as a page sees them, and what their buttons do."""

import re

import pytest

from tests.test_runtable import stepped, write
from textual_inversion.events import Finished, Started
from textual_inversion.queuefolder import Queue
from textual_inversion.runfolder import working_in
from textual_inversion.settings import TrainSettings
from webui import board as module
from webui.board import open_board
from webui.tabs.runs import act_on_run, act_on_ticket


class FakeForeman:
    """Stands in for Foreman where only its queue matters."""

    def __init__(self, queue):
        self.queue = queue
        self.woken = 0

    def wake(self):
        self.woken += 1


@pytest.fixture
def foreman(home):
    return FakeForeman(Queue())


@pytest.fixture
def board(home, foreman, monkeypatch):
    monkeypatch.setattr(module, "_FRESH_SECONDS", 0)
    return open_board(foreman.queue, home / "runs")


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


def test_an_empty_board_says_so(board):
    assert "Nothing waits" in board.queue_html()
    assert "No runs yet" in board.runs_html()
    assert board.is_idle() is False


def test_what_waits_shows_its_frozen_settings_and_can_be_moved(board, foreman):
    foreman.queue.add(TrainSettings(embedding="a", dataset_dir="pictures", max_steps=7))
    foreman.queue.add(TrainSettings(embedding="b", dataset_dir="pictures"))
    said = board.queue_html()
    assert "ti train a --dataset-dir pictures --max-steps 7" in said
    second = foreman.queue.waiting()[1].id
    assert ("up", second) in buttons(said)
    assert board.is_idle() is True
    act_on_ticket(foreman, board, "up", second)
    assert [ticket.name for ticket in foreman.queue.waiting()] == ["b", "a"]
    act_on_ticket(foreman, board, "remove", second)
    assert [ticket.name for ticket in foreman.queue.waiting()] == ["a"]


def test_a_stopped_run_goes_on_through_the_queue(board, foreman, stopped):
    assert buttons(board.runs_html()) == [("resume", stopped), ("settings", stopped)]
    act_on_run(foreman, board, "resume", stopped)
    (ticket,) = foreman.queue.waiting()
    assert ticket.settings.max_steps == 9
    assert ticket.settings.resume.endswith("day/cat")
    assert foreman.woken == 1


def test_a_running_one_can_be_asked(home, board, foreman, stopped):
    with working_in(home / "runs" / stopped):
        asked = [do for do, _ in buttons(board.runs_html())]
        act_on_run(foreman, board, "sample", stopped)
    assert asked == ["stop", "save", "sample", "settings"]
    assert (home / "runs" / stopped / "sample.request").exists()


def test_what_no_button_names_is_left_alone(board, foreman, stopped):
    assert act_on_run(foreman, board, "resume", "../../etc") is None
    assert act_on_run(foreman, board, "dance", stopped) is None
    act_on_ticket(foreman, board, "remove", "../x")
    assert foreman.queue.tickets() == []


def test_the_table_names_what_differs_and_escapes_it(home, board, stopped):
    evil = "<img src=x>"
    write(home / "runs" / "day" / "dog", Started(evil, 0, 9), template=evil)
    said = board.runs_html()
    assert "Prompt template" in said
    assert evil not in said
    assert "Batch size" not in said


def test_marks_change_with_what_is_seen_and_not_otherwise(home, board, stopped):
    before = board.runs_mark(), board.queue_mark()
    assert (board.runs_mark(), board.queue_mark()) == before
    write(home / "runs" / stopped, Started("cat", 4, 9))
    assert board.runs_mark() != before[0]
    assert board.queue_mark() == before[1]
