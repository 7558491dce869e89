import threading
import time

import pytest

from textual_inversion.errors import DatasetError, TrainingError
from textual_inversion.events import Finished, Started, Stepped
from textual_inversion.jobs.runner import Runner


def steps(count, *, gate=None, log=None, name="cat"):
    """Make a job of `count` steps; it waits at `gate` after the first."""

    def job(control):
        yield Started(name, 0, count)
        for step in range(1, count + 1):
            if log is not None:
                log.append(name)
            yield Stepped(step, count, 0.5, 0.1, 0.0)
            if gate is not None:
                gate.wait(5)
            if control.stopping:
                yield Finished(step, "stopped")
                return
        yield Finished(count, "finished", "x")

    return job


@pytest.fixture
def runner():
    made = Runner()
    yield made
    made.close(timeout_seconds=5)


def ended(runner, kind="train"):
    runner.join(kind, 5)
    run = runner.run(kind)
    return run.name, run.state, run.step


def test_a_job_works_to_its_end_and_can_be_seen(runner):
    assert runner.run("train") is None
    runner.start("train", steps(3), name="cat")
    assert ended(runner) == ("cat", "finished", 3)


def test_only_one_of_five_that_start_at_once_works(runner):
    gate, refused = threading.Event(), []

    def start():
        try:
            runner.start("train", steps(2, gate=gate), name="cat")
        except TrainingError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    gate.set()
    assert len(refused) == 4
    assert "already running (cat" in refused[0]


def test_a_stop_ends_the_job_and_says_so(runner):
    gate = threading.Event()
    run = runner.start("train", steps(1000, gate=gate), name="cat")
    runner.stop("train")
    assert (run.state, run.is_active) == ("stopping", True)
    gate.set()
    assert ended(runner)[1] == "stopped"


def test_a_failure_is_a_sentence_of_the_run(runner):
    def failing(control):
        yield Started("cat", 0, 5)
        raise DatasetError("No pictures.")

    runner.start("train", failing)
    ended(runner)
    assert (runner.run("train").state, runner.run("train").message) == ("failed", "No pictures.")


def test_a_fault_of_ours_does_not_hang_the_page(runner, caplog):
    def faulty(control):
        yield Started("cat", 0, 5)
        raise ZeroDivisionError("oops")

    runner.start("train", faulty)
    ended(runner)
    assert runner.run("train").message == "ZeroDivisionError: oops"


def test_a_picture_is_drawn_between_the_steps_of_a_training(runner):
    """Neither waits for the other's end, and never do both hold the device."""
    log, gate = [], threading.Event()
    runner.start("train", steps(300, log=log, gate=gate, name="train"))
    runner.start("generate", steps(20, log=log, name="picture"))
    gate.set()
    runner.join("generate", 5)
    runner.join("train", 5)
    last_picture = len(log) - 1 - log[::-1].index("picture")
    assert log[:last_picture].count("train") <= 60


def test_closing_stops_what_works(runner):
    gate = threading.Event()
    runner.start("train", steps(1000, gate=gate, name="a"), name="a")
    gate.set()
    runner.close(timeout_seconds=5)
    assert runner.run("train").state == "stopped"
    assert runner.is_closing


def test_a_wish_reaches_the_job(runner):
    gate, heard = threading.Event(), []

    def listening(control):
        yield Started("cat", 0, 1)
        gate.wait(5)
        heard.append(control.asked["save"])
        yield Finished(1, "finished")

    runner.start("train", listening)
    runner.ask("train", "save")
    gate.set()
    ended(runner)
    assert heard == [1]
    runner.ask("train", "save")


def test_a_job_is_joined_that_another_thread_is_still_starting(runner, monkeypatch):
    starting, start = threading.Event(), threading.Thread.start

    def slow_start(thread):
        if thread.name == "train":
            starting.set()
            time.sleep(0.05)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", slow_start)
    threading.Thread(target=runner.start, args=("train", steps(2))).start()
    assert starting.wait(5)
    assert ended(runner) == ("cat", "finished", 2)


def test_a_start_that_fails_leaves_the_run_before_to_be_shown(runner):
    def failing(control):
        raise DatasetError("No pictures.")
        yield

    assert runner.begun("train") is None
    runner.start("train", steps(2))
    before = runner.run("train")
    runner.join("train", 5)
    for _ in range(2):
        runner.start("train", failing)
        assert ended(runner)[1] == "failed"
        assert runner.begun("train") is before
    runner.start("train", steps(1))
    ended(runner)
    assert runner.begun("train") is runner.run("train")
