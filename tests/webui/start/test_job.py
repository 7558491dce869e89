"""One press prepares the pictures, creates the embedding and trains it; or says what is wrong."""

import pytest

from textual_inversion.embeddings import formats
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import StartSettings
from webui.start.actions import prompt_of, run_name
from webui.start.job import Planned, beginning, planned
from webui.start.progress import card_html, is_over, previews_html


@pytest.fixture
def plan(home, pictures, stacks):
    chosen = StartSettings.build(
        {"folder": "pictures", "name": "cat-x", "initialization_text": "red cat"},
        {"effort": "quick", "model": str(stacks["sd1"])},
    )
    made = planned(chosen)
    small = {"max_steps": 3, "preview_steps": 2, "save_image_every": 2}
    return Planned(made.creating, made.preparing, made.training.model_copy(update=small))


def done(runner, plan):
    runner.start("train", beginning(plan, runner), name="cat-x")
    runner.join("train")
    return runner.run("train")


@pytest.mark.slow
def test_all_three_are_done_and_shown(home, plan, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / "served"))
    runner = Runner()
    run = done(runner, plan)
    assert (run.state, run.step, is_over(run)) == ("finished", 3, True)
    assert runner.run("preprocess").state == "finished"
    assert formats.read(home / "embeddings" / "cat-x.pt").step == 3
    assert (prompt_of(run), run_name(run)[10:]) == ("a photo of <cat-x>", "/cat-x")
    drawn = previews_html(run)
    assert "step 3: a photo of &lt;cat-x&gt;" in drawn
    assert ("before learning" in drawn, ">step 2<" in drawn) == (True, True)
    assert 'data-which="safetensors"' in card_html(run)


def test_pictures_that_cannot_be_used_leave_no_embedding(home, plan):
    for path in (home / "pictures").glob("*.png"):
        path.write_bytes(b"no picture")
    run = done(Runner(), plan)
    assert run.state == "failed"
    assert run.message.startswith("None of the pictures in pictures (3) could be used.")
    assert not list((home / "embeddings").iterdir())
    assert card_html(run) == ""


def test_a_stop_before_the_training_leaves_no_embedding(home, plan):
    runner = Runner()
    with runner.device.turn():
        runner.start("train", beginning(plan, runner), name="cat-x")
        runner.stop("train")
    runner.join("train")
    assert runner.run("train").state == "stopped"
    assert not list((home / "embeddings").iterdir())
