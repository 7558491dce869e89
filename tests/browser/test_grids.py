"""A grid of a run's snapshots: drawn live, judged, looked at step by step, a snapshot kept."""

import json

import pytest
from playwright.sync_api import expect

from tests import tiny
from tests.browser.page import PATIENCE_MS, expect_text, fill, go_to, open_page, press, reload
from tests.generation.grids.runs import write_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def run(server):
    model = tiny.build(server.home / "models" / "small")
    return write_run(server.home, model)


def draw(page):
    go_to(page, "Grids")
    page.locator("#grid-run input").click()
    page.get_by_role("option", name="2026-01-01/zyx").click()
    press(page, "grid-start-button")
    expect_text(page, "grid-status-line", "Finished: 6 pictures")
    expect(page.locator("#grid-sheet .ti-look img")).to_have_count(6, timeout=PATIENCE_MS)


def only_grid(server):
    (folder,) = (server.home / "outputs" / "grids").glob("*/001")
    return folder


def test_a_grid_is_drawn_judged_and_its_snapshot_kept(server, run, window, shoot):
    page = open_page(window, server)
    draw(page)
    good = page.get_by_role("button", name="Good: Prompt: a photo of <zyx>, Step: 20", exact=True)
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)
    assert json.loads((only_grid(server) / "votes.json").read_text()) == {"1-2-1.png": "up"}

    page.get_by_role("button", name="Look at Prompt: a photo of <zyx>, Step: 20").click()
    expect_text(page, "grid-cell", "Step: 20.*a photo of <zyx>.*Seed: 5")
    fill(page, "grid-keep-name", "best-one")
    press(page, "grid-keep-button")
    expect_text(page, "grid-keep-line", "Kept as best-one in .*best-one.pt")
    assert (server.home / "embeddings" / "best-one.pt").is_file()
    press(page, "grid-keep-button")
    expect(page.get_by_text("There is already an embedding called 'best-one'")).to_be_visible()
    shoot(page, "grids")

    reload(page, "Grids")
    expect(good).to_have_attribute("aria-pressed", "true", timeout=PATIENCE_MS)


def test_a_slider_goes_through_the_steps_of_one_seed(server, run, window):
    page = open_page(window, server)
    draw(page)
    page.get_by_role("button", name="Look at Prompt: the <zyx> on a house, Step: 10").click()
    slider = page.get_by_role("slider", name="Step", exact=True)
    expect(slider).to_have_value("0")
    first = page.locator("#grid-cell figure img").get_attribute("src")
    slider.press("ArrowRight")
    expect_text(page, "grid-cell", "Prompt: the <zyx> on a house, Step: 20")
    expect(page.locator("#grid-cell figure img")).not_to_have_attribute("src", first)
    fill(page, "grid-keep-name", "second")
    press(page, "grid-keep-button")
    expect_text(page, "grid-keep-line", "Kept as second")


def test_bad_values_are_said_and_an_earlier_grid_is_found_again(server, run, window):
    page = open_page(window, server)
    draw(page)
    fill(page, "grid-row_values", "7")
    press(page, "grid-start-button")
    expect_text(page, "grid-status-line", "Failed: Rows \\(Y\\): There is no snapshot of step 7")
    server.end()
    server.start()
    page = open_page(window, server, "Grids")
    expect(page.locator("#grid-sheet .ti-look img")).to_have_count(6, timeout=PATIENCE_MS)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_fits(server, run, chromium, shoot, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, server)
    draw(page)
    page.get_by_role("button", name="Look at Prompt: a photo of <zyx>, Step: 20").click()
    expect_text(page, "grid-cell", "Step: 20")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, f"grids-{scheme}-{width}")
    context.close()
