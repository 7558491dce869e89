import threading
import time

import pytest

from tests.jobs.test_runner import steps
from textual_inversion.errors import DatasetError
from textual_inversion.jobs import worker
from textual_inversion.jobs.queue import Queue
from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.settings import TrainSettings


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setattr(worker, "LOOK_EVERY_SECONDS", 0.02)
    made = Runner()
    yield made
    made.close(timeout_seconds=5)


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_waits_is_trained_one_after_another_also_after_a_failure(home, runner):
    log, queue = [], Queue()

    def job(settings):
        def failing(control):
            log.append("bad")
            raise DatasetError("No pictures.")
            yield

        name = settings.embedding
        return failing if name == "bad" else steps(1, log=log, name=name)

    for name in ("a", "bad", "b"):
        queue.add(TrainSettings(embedding=name, dataset_dir="pictures"))
    QueueWorker(runner, queue, job).wake()
    wait_until(lambda: log == ["a", "bad", "b"] and not queue.is_worked)
    (failed,) = queue.tickets()
    assert (failed.name, failed.problem) == ("bad", "No pictures.")


def test_a_training_that_goes_on_is_waited_for(home, runner):
    gate, log, queue = threading.Event(), [], Queue()
    runner.start("train", steps(1, gate=gate, name="first"), name="first")
    queue.add(TrainSettings(embedding="second", dataset_dir="pictures"))
    QueueWorker(runner, queue, lambda settings: steps(1, log=log, name="second")).wake()
    wait_until(lambda: queue.is_worked)
    assert (log, len(queue.waiting())) == ([], 1)
    gate.set()
    wait_until(lambda: log == ["second"] and not queue.is_worked)
    assert queue.tickets() == []


def test_what_the_end_of_the_program_interrupts_waits_for_the_next(home, runner):
    gate, queue = threading.Event(), Queue()
    queue.add(TrainSettings(embedding="a", dataset_dir="pictures"))
    QueueWorker(runner, queue, lambda settings: steps(1000, gate=gate, name="a")).wake()
    wait_until(lambda: runner.run("train") is not None)
    gate.set()
    runner.close(timeout_seconds=5)
    wait_until(lambda: not queue.is_worked)
    assert [ticket.state for ticket in queue.tickets()] == ["waiting"]


def test_what_was_stopped_before_the_program_ends_is_not_started_again(home, runner):
    gate, queue = threading.Event(), Queue()
    queue.add(TrainSettings(embedding="a", dataset_dir="pictures"))
    QueueWorker(runner, queue, lambda settings: steps(1000, gate=gate, name="a")).wake()
    wait_until(lambda: runner.run("train") is not None and runner.run("train").step)
    runner.stop("train")
    closing = threading.Thread(target=runner.close, args=(5,))
    closing.start()
    wait_until(lambda: runner.is_closing)
    gate.set()
    closing.join()
    wait_until(lambda: not queue.is_worked)
    assert queue.tickets() == []
