"""Two learning rates on the pocket model: counted, trained in one batch, compared, one kept."""

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    create,
    cut_off,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    reload,
    set_up_training,
    wait_for_pictures,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def set_up(page, steps=6):
    create(page, "glimmer")
    set_up_training(page, max_steps=steps, save_image_every=steps)
    go_to(page, "Sweep")


def test_two_rates_are_swept_and_one_is_kept(server, window, shoot):
    page = open_page(window, server)
    set_up(page)
    fill(page, "sweep-values_1", "auto, fast")
    press(page, "sweep-start-button")
    said = page.locator("#sweep-values_1 .ti-field-mistake")
    expect(said).to_contain_text('"fast" is not a number', timeout=PATIENCE_MS)
    fill(page, "sweep-values_1", "auto, 0.005")
    expect_text(page, "sweep-outlook", "2 runs, 12 steps in all")

    press(page, "sweep-start-button")
    expect_text(page, "sweep-status-line", "Finished: 12 steps")
    expect_text(page, "sweep-runs", "glimmer: 2 of 2 runs have ended")
    expect(page.locator("#sweep-runs polyline")).to_have_count(4, timeout=PATIENCE_MS)
    wait_for_pictures(page, "sweep-runs", 2)

    keep = page.get_by_role("button", name="Keep this one: glimmer-run2", exact=True)
    keep.click()
    said = page.locator("#sweep-keep-name .ti-field-mistake")
    expect(said).to_contain_text("name", timeout=PATIENCE_MS)
    fill(page, "sweep-keep-name", "best-one")
    keep.click()
    expect_text(page, "sweep-keep-line", "Kept as best-one in .*best-one.pt")
    assert (server.home / "embeddings" / "best-one.pt").is_file()
    shoot(page, "sweep")


def test_a_mistake_of_the_train_tab_is_led_to(server, window):
    page = open_page(window, server)
    set_up(page)
    go_to(page, "Train")
    fill(page, "train-max_steps", 0)
    go_to(page, "Sweep")
    press(page, "sweep-start-button")
    page.get_by_role("button", name="Show the field").last.click()
    expect(page.locator("#train-max_steps input")).to_be_focused(timeout=PATIENCE_MS)
    expect(page.locator("#train-max_steps")).to_contain_text("Max steps must be at least 1")


def test_an_interrupted_sweep_goes_on_after_the_server_was_started_again(server, window):
    page = open_page(window, server)
    set_up(page, steps=60)
    press(page, "sweep-start-button")
    expect_text(page, "sweep-status-line", r"Step \d+ of 120")
    press(page, "sweep-stop-button")
    expect_text(page, "sweep-status-line", r"Stopped at step \d+ of 120")
    server.end()
    server.start()
    page.goto(server.url)
    reload(page, "Sweep")
    expect_text(page, "sweep-runs", "glimmer: 0 of 2 runs have ended")
    page.locator("#sweep-earlier-choice input").click()
    page.get_by_role("option", name="glimmer · 2 runs, 2 left").click()
    expect_text(page, "sweep-looked-at", "glimmer: 0 of 2 runs have ended")
    press(page, "sweep-resume-button")
    expect_text(page, "sweep-status-line", "Finished: 120 steps")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_fits(shared_server, chromium, shoot, width, scheme):
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    context = chromium.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, shared_server)
    if not (shared_server.home / "runs" / "sweeps").is_dir():
        set_up(page)
        press(page, "sweep-start-button")
    go_to(page, "Sweep")
    wait_for_pictures(page, "sweep-runs", 2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert cut_off(page) == []
    shoot(page, f"sweep-{scheme}-{width}")
    context.close()
