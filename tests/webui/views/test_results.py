"""Each picture is shown before and after, with all that was made of it."""

import pytest
from PIL import Image

from textual_inversion.events import Progressed, Started
from textual_inversion.runs.state import Run
from webui.views.results import results_html


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))
    for name in ("a.png", "a-0.png", "a-1.png", "b.png"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    made, flipped = str(tmp_path / "a-0.png"), str(tmp_path / "a-1.png")
    run = Run("preprocess")
    run.apply(Started("a", 0, 2))
    run.apply(Progressed(1, 2, made, str(tmp_path / "a.png"), 2, (flipped,)))
    run.apply(Progressed(2, 2, "", str(tmp_path / "b.png")))
    return run


def test_flips_and_pieces_are_shown_with_their_picture(run):
    drawn = results_html(run)
    alts = [part.partition('"')[0] for part in drawn.split('alt="')[1:]]
    assert alts == ["a.png, before", "a-0.png, after", "a-1.png, after"]
    assert drawn.count("data-crop") == 1  # nothing was made of the other


def test_a_picture_opens_in_its_own_size(run):
    assert results_html(run).count("<a href=") == 3


def test_without_a_job_nothing_is_shown():
    assert results_html(None) == ""
