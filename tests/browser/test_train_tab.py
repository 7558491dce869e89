"""The Train tab beside a run: continue or start over, and the best snapshot."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    create,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    set_up_training,
)
from textual_inversion.embeddings import formats

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def step_in(server, name):
    return formats.read(server.home / "embeddings" / f"{name}.pt").step


def train(page, steps):
    fill(page, "train-max_steps", steps)
    press(page, "train-start-button")
    expect_text(page, "train-status-line", f"Finished: {steps} steps")


@pytest.fixture
def trained(server, window):
    """A page on which the embedding ember was trained, at a rate that breaks it in the end."""
    page = open_page(window, server)
    create(page, "ember")
    set_up_training(page, max_steps=6, save_image_every=3)
    fill(page, "train-learning_rate", "0.005:4, 9")
    page.locator("#train-evaluation-part button").first.click()
    fill(page, "train-evaluate_every", 1)
    expect(page.locator("#train-resume-choice")).to_be_hidden()
    train(page, 6)
    return page


def test_one_continues_or_starts_over_and_uses_the_best(trained, server, shoot):
    page, choice = trained, trained.locator("#train-resume-choice")
    expect(choice).to_contain_text("Continue from step 6", timeout=PATIENCE_MS)
    shoot(page, "train-resume-choice")
    train(page, 8)
    expect(choice).to_contain_text("Continue from step 8", timeout=PATIENCE_MS)
    choice.get_by_label("Start over").check()
    train(page, 7)
    assert (step_in(server, "ember"), step_in(server, "ember-8")) == (7, 8)
    best = page.locator("#train-best-button")
    expect(best).to_have_text(re.compile(r"Use best \(step \d+\)"), timeout=PATIENCE_MS)
    press(page, "train-best-button")
    expect(page.get_by_text("is now the best of its run")).to_be_visible(timeout=PATIENCE_MS)
    assert step_in(server, "ember-7") == 7
    assert f"(step {step_in(server, 'ember')})" in best.inner_text()
    go_to(page, "Library")
    expect_text(page, "library-list", "3 of 3 embeddings.*ember-7.*ember-8")
