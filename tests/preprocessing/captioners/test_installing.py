"""Only what this project's extras hold is installed, and pip's own words come back."""

import sys
import threading

import pytest

from preprocessing.captioners import installing
from preprocessing.captioners.commands import output_of
from preprocessing.captioners.installing import (
    install,
    installable,
    requirements,
    what_is_installed,
)
from textual_inversion.errors import ModelError


@pytest.fixture
def bare(home, monkeypatch):
    """A machine on which no captioner's package is installed."""
    monkeypatch.setattr(installing, "_is_here", lambda package: False)


def test_what_is_not_here_is_offered(bare, monkeypatch):
    assert installable() == ["wd14", "deepdanbooru", "lavis"]
    monkeypatch.setattr(installing, "_is_here", lambda package: package == "keras")
    assert installable() == ["wd14", "lavis"]


def test_an_extra_is_what_the_project_says_that_it_is():
    assert requirements("wd14") == ["onnxruntime>=1.20"]
    assert sorted(requirements("deepdanbooru")) == ["h5py>=3.12", "keras>=3.11.3"]
    assert what_is_installed("wd14") == f"onnxruntime>=1.20 into {sys.prefix}"


@pytest.mark.parametrize("name", ["blip", "requests", "-r /etc/passwd", "git+https://x", ""])
def test_nothing_else_is_ever_installed(name, monkeypatch):
    monkeypatch.setattr(installing, "output_of", lambda *_, **__: pytest.fail("pip was asked"))
    with pytest.raises(ModelError, match="there is something for: wd14, deepdanbooru, lavis"):
        list(install(name))


def test_pip_is_asked_for_the_extra_and_its_words_come_back(monkeypatch):
    asked = []

    def output(command, **_):
        asked.append(command)
        yield "Successfully installed"

    monkeypatch.setattr(installing, "output_of", output)
    assert list(install("wd14")) == ["Successfully installed"]
    assert asked == [[sys.executable, "-m", "pip", "install", "onnxruntime>=1.20"]]


def test_a_program_that_was_not_installed_says_so(monkeypatch):
    monkeypatch.setattr(installing, "_PROJECT", "no-such-project-here")
    with pytest.raises(ModelError, match="was not installed by pip"):
        requirements("wd14")


def test_a_command_that_fails_is_told_by_its_last_line():
    failing = [sys.executable, "-c", "print('No disk'); raise SystemExit(3)"]
    lines = output_of(failing, failure="x could not be installed")
    assert next(lines) == "No disk"
    with pytest.raises(ModelError, match=r"x could not be installed; -c .* failed: No disk"):
        next(lines)


def test_a_command_is_ended_when_it_is_stopped():
    stop = threading.Event()
    endless = [sys.executable, "-uc", "import time\nwhile True: print('x'); time.sleep(.01)"]
    lines = output_of(endless, failure="x", stop=stop)
    next(lines)
    stop.set()
    assert list(lines) == []
