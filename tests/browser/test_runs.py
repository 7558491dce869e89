"""The queue and the table of runs, in a real browser."""

import re
from urllib.parse import parse_qs, urlparse

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
    set_up_training,
    wait_for_pictures,
    wait_for_step,
)
from tests.runs.past.conftest import make_run

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
    expect(page.locator("#runs-queue-list .ti-ticket")).to_have_count(waiting, timeout=PATIENCE_MS)


def test_trainings_wait_change_places_and_all_finish(server, window, shoot):
    page = open_page(window, server)
    create(page, "glimmer")
    set_up_training(page, max_steps=100_000, save_image_every=0)
    press(page, "train-start-button")
    wait_for_step(page, 1)
    add_to_queue(page, "spark", steps=6, waiting=1)
    add_to_queue(page, "ember", steps=4, waiting=2)
    page.locator("#runs-queue-list .ti-ticket").nth(1).get_by_role("button", name="Up").click()
    expect(page.locator("#runs-queue-list .ti-ticket").first).to_contain_text(
        re.compile("ti train ember .*--max-steps 4"), timeout=PATIENCE_MS
    )
    shoot(page, "runs-waiting")

    working = page.locator("#runs-working-list")
    expect(working).to_contain_text(re.compile("glimmer *running *step"), timeout=PATIENCE_MS)
    working.get_by_role("button", name="Sample now").click()
    go_to(page, "Train")
    wait_for_pictures(page, "train-previews", 1)
    go_to(page, "Runs")
    working.get_by_role("button", name="Stop").first.click()
    rows = page.locator("#runs-table tbody tr")
    expect(rows).to_have_count(3, timeout=PATIENCE_MS)
    expect(page.locator("#runs-queue-list .ti-ticket")).to_have_count(0, timeout=PATIENCE_MS)
    expect_text(
        page, "runs-table", "spark.*finished.*6 / 6.*ember.*finished.*4 / 4.*glimmer.*stopped"
    )
    expect(working).to_have_text("", timeout=PATIENCE_MS)
    shoot(page, "runs-over")


def press_in_row(page, name, button):
    row = page.locator("#runs-table tbody tr", has=page.get_by_text(f"2026-01-01/{name}"))
    row.get_by_role("button", name=button).click()


def test_past_runs_are_opened_compared_handed_out_deleted_and_put_back(
    server, window, shoot, tmp_path
):
    for name, steps in (("glimmer", 6), ("spark", 8)):
        make_run(server.home / "runs", name, steps=steps, max_steps=steps)
    page = open_page(window, server, "Runs")
    press_in_row(page, "glimmer", "Open")
    expect_text(page, "runs-opened-view", "Settings other than the defaults.*Max steps.*6.*step 6")
    wait_for_pictures(page, "runs-opened-view", 4)
    shoot(page, "runs-opened")
    press_in_row(page, "spark", "Compare")
    both = r"glimmer.*spark.*Settings that differ.*Max steps\s*6\s*8.*Previews.*step 8"
    expect_text(page, "runs-opened-view", both)
    shoot(page, "runs-compared")

    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("Loss", exact=True).uncheck()
    page.reload()
    expect_text(page, "runs-opened-view", both)
    expect(page.get_by_role("columnheader", name="Best")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Loss")).to_be_hidden()
    named = parse_qs(urlparse(page.url).query)
    assert named == {"tab": ["runs"], "run": ["2026-01-01/glimmer", "2026-01-01/spark"]}

    with page.expect_download() as download:
        page.get_by_role("button", name="Download report").click()
    download.value.save_as(tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text()
    assert report.count("data:image/webp") == 9
    with page.expect_download() as download:
        page.get_by_role("button", name="Download zip: 2026-01-01/spark").click()
    assert download.value.suggested_filename == "2026-01-01-spark.zip"

    press_in_row(page, "spark", "Delete")
    expect(page.locator("#runs-table tbody tr")).to_have_count(1, timeout=PATIENCE_MS)
    expect_text(page, "runs-opened-view", "glimmer.*Settings other than the defaults")
    press(page, "runs-undo-button")
    expect(page.locator("#runs-table tbody tr")).to_have_count(2, timeout=PATIENCE_MS)
    page.set_viewport_size({"width": 390, "height": 900})
    name = page.locator("#runs-table tbody th").first
    before = name.bounding_box()["x"]
    page.locator("#runs-table .ti-wide").evaluate("box => box.scrollLeft = 300")
    assert page.locator("#runs-table .ti-wide").evaluate("box => box.scrollLeft") == 300
    assert name.bounding_box()["x"] == before
    shoot(page, "runs-390")
    assert cut_off(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
