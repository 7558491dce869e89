"""Checks and probes as jobs, and what is drawn of them."""

import pytest

from preprocessing.checks.image_checks import Finding
from preprocessing.checks.report import PictureCaption, Report
from textual_inversion.events import Finished
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from textual_inversion.settings import CheckSettings, TrainSettings
from webui.views.report import Results, checking, estimate_html, probing, report_html


@pytest.fixture
def served(home, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / "served"))


@pytest.fixture
def settings(home, pictures, stacks, served):
    (pictures / "<b>.png").write_bytes(b"")
    return CheckSettings(folder="pictures", model=str(stacks["sd1"]), name="photo")


def test_a_check_is_drawn_when_it_is_over(settings):
    runner, results = Runner(), Results()
    run = runner.start("check", checking(settings, results, runner.device))
    runner.join("check")
    assert (run.state, run.step, run.message) == ("finished", 4, "Finished.")
    drawn = report_html(run, results)
    assert "<dd>4, 3 usable</dd>" in drawn
    assert "&lt;b&gt;.png" in drawn
    assert "<b>.png" not in drawn
    assert "<th>name in caption</th>" in drawn
    assert drawn.count("<img ") >= 3
    assert "<dt>0.png</dt><dd>&#34;a red house, photo&#34;</dd>" in drawn
    assert report_html(Run("check", state="running"), results) == ""


def test_a_check_that_is_stopped_shows_nothing(settings):
    results, control = Results(), Control()
    control.stop.set()
    assert list(checking(settings, results, DeviceLock())(control))[-1] == Finished(0, "stopped")
    assert report_html(Run("check", state="stopped"), results) == ""


@pytest.mark.slow
def test_a_probe_takes_turns_and_leaves_one_sentence(home, pictures, stacks):
    runner, results = Runner(), Results()
    small = {"batch_size": 1, "save_image_every": 0, "evaluate_every": 0, "max_steps": 7}
    asked = {"embedding": "x", "dataset_dir": "pictures", "model": str(stacks["sd1"])}
    with runner.device.turn():
        run = runner.start("probe", probing(TrainSettings.build(asked, small), results))
        runner.join("probe", 0.3)
        assert (run.state, run.version) == ("loading", 0)
    runner.join("probe")
    assert (run.state, run.step) == ("finished", 5)
    assert "for 7 steps (" in estimate_html(run, results)


def test_each_picture_has_its_findings_as_badges(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    paths = tuple(tmp_path / f"{name}.png" for name in "ab")
    captions = tuple(PictureCaption(path, "x", from_name=False) for path in paths)
    findings = (Finding("blurred", "…", paths[1:]), Finding("too small", "…", paths[1:]))
    seen = Report(tmp_path, 8, 8, 2, 2, (), (), findings, captions)
    drawn = report_html(Run("check", state="finished"), Results(seen))
    _, second, first = drawn.split('class="ti-sheet ti-badged"')[1].split("<figure")
    assert second.count("ti-chip") == 2
    assert "b.png" in second
    assert "ti-chip" not in first
