"""The queue and the table of runs, in a real browser."""

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
    wait_for_pictures,
    wait_for_step,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def add_to_queue(page, name, *, steps, waiting):
    """Queue a training of a new embedding; then so many wait."""
    go_to(page, "Create Embedding")
    create(page, name)
    go_to(page, "Train")
    chosen = page.locator("#train-embedding input")
    expect(chosen).to_have_value(re.compile(name), timeout=PATIENCE_MS)
    fill(page, "train-max_steps", steps)
    press(page, "train-queue-button")
    go_to(page, "Runs")
    expect(page.locator(".ti-ticket")).to_have_count(waiting, timeout=PATIENCE_MS)


def test_trainings_wait_change_places_and_all_finish(server, window, shoot):
    page = open_page(window, server)
    create(page, "glimmer")
    set_up_training(page, max_steps=100_000, save_image_every=0)
    press(page, "train-start-button")
    wait_for_step(page, 1)
    add_to_queue(page, "spark", steps=6, waiting=1)
    add_to_queue(page, "ember", steps=4, waiting=2)
    page.locator(".ti-ticket").nth(1).get_by_role("button", name="Up").click()
    expect(page.locator(".ti-ticket").first).to_contain_text(
        re.compile("ti train ember .*--max-steps 4"), timeout=PATIENCE_MS
    )
    shoot(page, "runs-waiting")

    page.locator("#runs-table").get_by_role("button", name="Sample now").click()
    go_to(page, "Train")
    wait_for_pictures(page, "train-previews", 1)
    go_to(page, "Runs")
    page.locator("#runs-table").get_by_role("button", name="Stop").first.click()
    rows = page.locator("#runs-table tbody tr")
    expect(rows).to_have_count(3, timeout=PATIENCE_MS)
    expect(page.locator(".ti-ticket")).to_have_count(0, timeout=PATIENCE_MS)
    expect_text(
        page, "runs-table", "spark.*finished.*6 / 6.*ember.*finished.*4 / 4.*glimmer.*stopped"
    )
    shoot(page, "runs-over")
