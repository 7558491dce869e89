"""Installing is offered, asked about, done, and refused where others can reach the page."""

import re
from types import SimpleNamespace

import pytest

from preprocessing.captioners import installing as core
from textual_inversion.jobs.runner import Runner
from webui.captioners import installing as module
from webui.captioners.installing import Installing, offers_html
from webui.folders.allowed import AllowedFolders


@pytest.fixture
def bare(home, monkeypatch):
    """A machine without onnxruntime, on which installing says one line."""
    here = {"keras"}
    monkeypatch.setattr(core, "_is_here", lambda package: package in here)

    def install(name, stop):
        here.add("onnxruntime")
        yield "Successfully installed onnxruntime"

    monkeypatch.setattr(module, "install", install)
    monkeypatch.setattr(module, "ALLOWED", AllowedFolders())


@pytest.fixture
def installing():
    made = Installing(Runner())
    yield made
    made._runner.close(5)


def buttons(html):
    return re.findall(r'data-do="(\w+)" data-which="(\w+)"', html)


def press(installing, do, which):
    return installing._press(SimpleNamespace(do=do, which=which))


def test_a_press_asks_and_the_next_one_installs(bare, installing):
    assert buttons(offers_html(None)) == [("ask", "wd14"), ("ask", "lavis")]
    question = press(installing, "ask", "wd14")
    assert "Download and install onnxruntime&gt;=1.20 into " in question
    assert buttons(question) == [("install", "wd14"), ("leave", "wd14")]
    press(installing, "install", "wd14")
    installing._runner.join("install", 5)
    said = offers_html(installing._runner.run("install"))
    assert "Installed what wd14 needs." in said
    assert buttons(said) == [("ask", "lavis")]


def test_a_page_that_others_reach_installs_nothing(bare, installing, monkeypatch):
    monkeypatch.setattr(module, "ALLOWED", AllowedFolders(is_public=True))
    assert buttons(offers_html(None)) == []
    for do in ("ask", "install"):
        assert "Others can reach this page" in press(installing, do, "wd14")
    assert installing._runner.run("install") is None


@pytest.mark.parametrize("name", ["requests", "keras", "deepdanbooru", "-r x"])
def test_only_what_is_offered_can_be_asked_for(bare, installing, name):
    for do in ("ask", "install"):
        assert "has its packages already" in press(installing, do, name)
    assert installing._runner.run("install") is None
