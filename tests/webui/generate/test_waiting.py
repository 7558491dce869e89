import threading
import time

import pytest

from textual_inversion.errors import ModelError
from textual_inversion.events import Finished
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import GenerateSettings
from webui import jobs
from webui.generate.waiting import Waiting


class Drawn:
    """Jobs that note their prompts, and wait to be let go."""

    def __init__(self, monkeypatch):
        self.prompts, self.go = [], threading.Semaphore(0)
        monkeypatch.setattr(jobs, "generating", self.job)

    def job(self, settings):
        def work(_):
            self.prompts.append(settings.prompt)
            self.go.acquire()
            if settings.prompt == "bad":
                raise ModelError("It cannot.")
            yield Finished(1, "finished")

        return work


@pytest.fixture
def drawn(monkeypatch):
    return Drawn(monkeypatch)


def asked(*prompts):
    runner = Runner()
    waiting = Waiting(runner)
    for prompt in prompts:
        waiting.add(GenerateSettings(prompt=prompt))
    return runner, waiting


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_asked_for_is_drawn_one_after_another_past_a_failure(drawn):
    _, waiting = asked("one", "bad", "three")
    assert len(waiting) == 2
    for count in (1, 2, 3):
        until(lambda count=count: len(drawn.prompts) == count)
        drawn.go.release()
    assert drawn.prompts == ["one", "bad", "three"]
    assert len(waiting) == 0


def test_the_first_is_on_the_page_at_once(drawn):
    runner, _ = asked("one")
    assert runner.run("generate").is_active
    drawn.go.release()


def test_what_waits_can_be_forgotten_and_asked_for_anew(drawn):
    runner, waiting = asked("one", "two")
    waiting.clear()
    drawn.go.release()
    runner.join("generate")
    until(lambda: not waiting._is_working)
    waiting.add(GenerateSettings(prompt="three"))
    until(lambda: drawn.prompts == ["one", "three"])
    drawn.go.release()


def test_a_job_that_was_begun_elsewhere_is_waited_for(drawn):
    runner = Runner()
    runner.start("generate", jobs.generating(GenerateSettings(prompt="elsewhere")))
    waiting = Waiting(runner)
    assert waiting.add(GenerateSettings(prompt="mine")) == 1
    assert len(waiting) == 1
    drawn.go.release()
    until(lambda: drawn.prompts == ["elsewhere", "mine"])
    drawn.go.release()


def test_nothing_new_begins_while_the_program_ends(drawn):
    runner, waiting = asked("one", "two")
    drawn.go.release()
    runner.close(30)
    until(lambda: not waiting._is_working)
    assert drawn.prompts == ["one"]
