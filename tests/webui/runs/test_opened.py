"""What a page has open, and the files it takes from there."""

import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from tests.runs.past.conftest import make_run
from webui.runs.opened import OpenedRuns, listed_run


@pytest.fixture
def opened(home, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / "served"))
    (home / "served").mkdir()
    make_run(home / "runs", "cat", max_steps=4)
    make_run(home / "runs", "dog", max_steps=6)
    with gr.Blocks():
        return OpenedRuns(home / "runs")


def saved(home, html):
    """The file that a link leads to."""
    (name,) = re.findall(r'download="([^"]+)"', html)
    (path,) = (home / "served").glob(f"download-*/{name}")
    return path


def press(opened, keys, do, which=""):
    return opened._press(keys, SimpleNamespace(do=do, which=which))


def test_one_run_opens_with_its_curve_previews_and_settings(opened):
    keys, html = opened.opened("2026-01-01/cat")
    assert keys == "2026-01-01/cat"
    assert html.count("<img ") == 3
    for said in ("<polyline", "Settings other than the defaults", "Max steps"):
        assert said in html


def test_two_stand_side_by_side_and_a_third_does_not_come_in(opened):
    keys, html = opened.opened("2026-01-01/cat\n2026-01-01/dog\n2026-01-01/owl")
    assert keys == "2026-01-01/cat\n2026-01-01/dog"
    assert "Settings that differ" in html
    assert "Dataset directory" not in html


def test_one_that_is_gone_is_said_to_be(opened):
    keys, html = opened.opened("2026-01-01/cat\n2026-01-01/owl")
    assert keys == "2026-01-01/cat"
    assert "2026-01-01/owl is not there any more" in html
    assert opened.opened("")[1] == ""


@pytest.mark.parametrize("key", ["../../etc", "/etc", "2026-01-01/../../x", ""])
def test_only_listed_runs_open(opened, home, key):
    with pytest.raises(Exception, match="is not there any more"):
        listed_run(home / "runs", key)


def test_a_zip_and_a_report_are_handed_out(opened, home):
    packed = saved(home, press(opened, "", "zip", "2026-01-01/cat")[-1])
    assert zipfile.is_zipfile(packed)
    keys = "2026-01-01/cat\n2026-01-01/dog"
    report = saved(home, press(opened, keys, "report")[-1])
    assert Path(report).read_text().count("data:image/webp") == 6


def test_one_of_two_is_closed(opened):
    keys, html, _ = press(opened, "2026-01-01/cat\n2026-01-01/dog", "close", "2026-01-01/cat")
    assert keys == "2026-01-01/dog"
    assert "2026-01-01/cat" not in html
