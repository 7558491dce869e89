"""The main job in a real browser, on the model and the pictures that ship with the project."""

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    create,
    expect_text,
    fill,
    go_to,
    open_page,
    pictures_shown,
    press,
    set_up_training,
    step_of,
    value_of,
    wait_for_pictures,
    wait_for_step,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_newcomer_creates_prepares_trains_and_generates(server, window, shoot):
    page = open_page(window, server)
    expect_text(page, "create-initialization_text-note", "Vectors start from")
    create(page, "glimmer")
    shoot(page, "1-create")

    go_to(page, "Preprocess Images")
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Finished: 5 pictures")
    wait_for_pictures(page, "preprocess-picture-gallery", 10)
    shoot(page, "2-preprocess")
    press(page, "preprocess-onward-button")
    expect(page.locator("#train-dataset_dir textarea, #train-dataset_dir input")).to_have_value(
        "prepared/mammoth"
    )

    set_up_training(page, max_steps=2000)
    press(page, "train-start-button")
    wait_for_pictures(page, "train-previews", 1)
    expect_text(page, "train-previews", "step 5")
    seen = step_of(page)
    wait_for_step(page, seen + 5)
    shoot(page, "3-train")

    page.reload()
    go_to(page, "Train")
    wait_for_step(page, seen + 6)
    wait_for_pictures(page, "train-previews", 2)
    assert value_of(page, "train-max_steps") == "2000"
    expect(page.locator("#train-start-button")).to_be_disabled()

    press(page, "train-stop-button")
    expect_text(page, "train-status-line", r"Stopped at step \d+ of 2000")
    stopped = step_of(page)
    assert (server.home / "embeddings" / "glimmer.pt").is_file()

    fill(page, "train-max_steps", stopped + 10)
    press(page, "train-start-button")
    expect_text(page, "train-status-line", f"Finished: {stopped + 10} steps")
    expect_text(page, "train-loss-chart", "smoothed, now")
    shoot(page, "4-trained")

    go_to(page, "Generate")
    assert "<glimmer>" in value_of(page, "generate-prompt")
    expect_text(page, "generate-prompt-note", r"\d+/75.*glimmer")
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    wait_for_pictures(page, "generate-picture-gallery", 1)
    expect_text(page, "generate-picture-info", "a photo of <glimmer>.*Steps: 20")
    shoot(page, "5-generate")
    assert len(list((server.home / "outputs").rglob("*.png"))) == pictures_shown(
        page, "generate-picture-gallery"
    )


def test_pictures_can_be_made_while_a_training_works(server, window):
    page = open_page(window, server)
    create(page, "glimmer")
    set_up_training(page, max_steps=2000)
    press(page, "train-start-button")
    wait_for_step(page, 2)
    go_to(page, "Generate")
    fill(page, "generate-steps", 5)
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    before = step_of(page)
    wait_for_step(page, before + 2)
