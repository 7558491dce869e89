import json
import threading

import pytest

from tests.runs.test_history import write
from textual_inversion.errors import TrainingError
from textual_inversion.events import Started
from textual_inversion.jobs.queue import Queue
from textual_inversion.runs.folder import working_in
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.file_lock import FileLock


@pytest.fixture
def queue(tmp_path):
    return Queue(tmp_path / "queue")


def add(queue, *names):
    return [queue.add(TrainSettings(embedding=name, dataset_dir="pictures")) for name in names]


def names(queue, state="waiting"):
    return [ticket.name for ticket in queue.tickets() if ticket.state == state]


def test_what_waits_keeps_its_settings_and_its_order(queue):
    assert queue.tickets() == []
    queue.add(TrainSettings(embedding="a", dataset_dir="pictures", max_steps=7))
    add(queue, "b", "c")
    assert names(queue) == ["a", "b", "c"]
    assert queue.waiting()[0].settings.max_steps == 7


def test_what_waits_can_be_moved_and_removed(queue):
    a, b, c = add(queue, "a", "b", "c")
    queue.move(c.id, -1)
    queue.move(a.id, -1)
    assert names(queue) == ["a", "c", "b"]
    queue.move(a.id, 1)
    queue.remove(b.id)
    assert names(queue) == ["c", "a"]


def test_all_are_worked_off_also_after_a_failure(queue):
    add(queue, "a", "bad", "b")
    worked = []

    def work(settings):
        worked.append(settings.embedding)
        if settings.embedding == "bad":
            raise TrainingError("No luck.")
        return True

    assert queue.work_off(work) is True
    assert worked == ["a", "bad", "b"]
    (failed,) = queue.tickets()
    assert (failed.name, failed.state, failed.problem) == ("bad", "failed", "No luck.")


def test_a_failed_one_can_be_tried_again(queue):
    add(queue, "bad")

    def fail(settings):
        raise TrainingError("No luck.")

    queue.work_off(fail)
    queue.retry(queue.tickets()[0].id)
    assert names(queue) == ["bad"]
    assert names(queue, "failed") == []


def test_only_one_works_and_what_others_add_is_worked_too(queue):
    add(queue, "a")
    worked = []

    def work(settings):
        worked.append(settings.embedding)
        if settings.embedding == "a":
            add(queue, "b")
            assert queue.work_off(work) is False
        return True

    queue.work_off(work)
    assert worked == ["a", "b"]
    assert not queue.is_worked


def test_what_was_interrupted_waits_at_the_front(queue):
    add(queue, "a", "b")
    queue.work_off(lambda settings: False)
    assert names(queue) == ["a", "b"]


def test_what_a_dead_process_left_is_worked_again(queue):
    (ticket,) = add(queue, "a")
    ticket.path.rename(ticket.path.with_suffix(".working"))
    add(queue, "b")
    worked = []
    queue.work_off(lambda settings: worked.append(settings.embedding) or True)
    assert worked == ["a", "b"]


def test_one_added_while_the_last_worker_leaves_is_not_forgotten(queue):
    add(queue, "a")
    lock = FileLock.take(queue.folder / "worker.lock")
    assert queue.work_off(lambda settings: True) is False
    lock.__exit__()
    assert queue.work_off(lambda settings: True) is True
    assert queue.tickets() == []


def test_a_ticket_that_cannot_be_read_fails_and_does_not_hold_up_the_rest(queue):
    add(queue, "a")
    (queue.folder / "000000-beef.json").write_text(json.dumps({"embedding": "x", "max_steps": 0}))
    worked = []
    queue.work_off(lambda settings: worked.append(settings.embedding) or True)
    (failed,) = queue.tickets()
    assert worked == ["a"]
    assert (failed.state, "must be at least 1" in failed.problem) == ("failed", True)


def test_the_dataset_is_found_from_anywhere(queue, home, monkeypatch):
    (home / "photos").mkdir()
    queue.add(TrainSettings(embedding="a", dataset_dir="photos"))
    assert queue.waiting()[0].settings.dataset_dir == str(home / "photos")


def test_a_thread_that_adds_and_one_that_works_lose_nothing(queue):
    worked = []
    adding = threading.Thread(target=add, args=(queue, *"abcdefgh"))
    adding.start()
    while adding.is_alive() or queue.tickets():
        queue.work_off(lambda settings: worked.append(settings.embedding) or True)
    assert worked == list("abcdefgh")


def test_what_waits_or_is_worked_is_known(queue, tmp_path, monkeypatch):
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    add(queue, "a")
    same = TrainSettings(embedding="a", dataset_dir=str(tmp_path / "pictures"))
    assert queue.holds(same)
    assert not queue.holds(same.model_copy(update={"max_steps": 7}))
    queue.work_off(lambda settings: queue.holds(same))
    assert not queue.holds(same)


def test_of_five_that_add_the_same_at_once_one_does(queue):
    refused = []

    def add_one():
        try:
            queue.add_once(TrainSettings(embedding="a", dataset_dir="pictures"))
        except TrainingError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=add_one) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (names(queue), len(refused)) == (["a"], 4)
    assert "waits or works already" in refused[0]


def test_what_is_trained_without_the_queue_is_known_too(home):
    folder = home / "runs" / "2026-01-01" / "cat"
    write(folder, Started("cat", 0, 9), max_steps=7)
    same = TrainSettings(embedding="cat", dataset_dir="pictures", max_steps=7)
    assert not Queue().holds(same)
    with working_in(folder):
        assert Queue().holds(same)
        assert not Queue().holds(same.model_copy(update={"max_steps": 8}))


def test_what_a_dead_process_left_can_be_taken_out(queue):
    (ticket,) = add(queue, "a")
    ticket.path.rename(ticket.path.with_suffix(".working"))
    with FileLock.take(queue.folder / "worker.lock"):
        queue.remove(ticket.id)
        assert queue.unworked() == []
    assert [(one.name, one.state) for one in queue.unworked()] == [("a", "waiting")]
    queue.remove(ticket.id)
    assert queue.tickets() == []
