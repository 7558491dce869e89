"""The choice between continuing and starting over."""

import gradio as gr
import pytest

from tests.cats import run, settings
from textual_inversion.embeddings.library import Library
from textual_inversion.settings import TrainSettings
from webui.form import draw_form
from webui.train.resuming import CONTINUE, START_OVER, ResumeChoice, offered, renewed


@pytest.fixture
def choice(home):
    with gr.Blocks():
        return ResumeChoice(draw_form("train", TrainSettings))


def pressed(choice, cat, answer, **changes):
    """What Train makes of the form and of the choice."""
    shown = settings(cat, **changes).model_dump()
    return choice.settings((*shown.values(), answer))


def labels(*offer):
    return [label for label, _ in offered(*offer)["choices"]]


def test_nothing_is_offered_where_there_is_no_run(home):
    assert labels("cat-x", "latest", "runs") == labels(None, "latest", "runs") == ["A new run"]


@pytest.mark.slow
def test_a_run_is_offered_with_its_step_unless_resume_says_something_else(home, cat):
    run(cat)
    assert labels("cat-x", "latest", "runs") == ["Continue from step 4", "Start over"]
    assert labels("cat-x", "never", "runs") == ['As "Resume" says']


@pytest.mark.slow
def test_the_end_of_a_run_leaves_the_choice_that_was_made_meanwhile(home, cat):
    assert renewed("cat-x", "latest", "runs", START_OVER)["value"] == CONTINUE
    run(cat)
    assert "value" not in renewed("cat-x", "latest", "runs", START_OVER)
    assert renewed("cat-x", "never", "runs", START_OVER)["value"] == CONTINUE


@pytest.mark.slow
def test_starting_over_keeps_what_was_learned_and_resumes_nothing(home, cat, choice):
    run(cat)
    assert pressed(choice, cat, CONTINUE).resume == "latest"
    assert pressed(choice, cat, START_OVER).resume == "never"
    kept = {entry.name: entry.step for entry in Library(home / "embeddings").list()}
    assert kept == {"cat-x": 0, "cat-x-4": 4}


@pytest.mark.slow
def test_a_choice_that_was_not_shown_has_no_effect(home, cat, choice):
    run(cat)
    assert pressed(choice, cat, START_OVER, resume="runs/other").resume == "runs/other"
    assert [entry.name for entry in Library(home / "embeddings").list()] == ["cat-x"]
