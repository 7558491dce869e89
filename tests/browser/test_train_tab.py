"""The Train tab beside a run: continue or start over, the best snapshot, previews and charts."""

import re

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
)
from textual_inversion.embeddings import formats

pytestmark = [pytest.mark.browser, pytest.mark.slow]
# How far what is seen jumps by itself: layout shifts that follow no input (Layout Instability API).
_WATCH_SHIFTS = """() => {
  window.shifts = 0;
  new PerformanceObserver(list => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifts += one.value;
  }).observe({type: 'layout-shift'});
}"""


def step_in(server, name):
    return formats.read(server.home / "embeddings" / f"{name}.pt").step


def train(page, steps):
    fill(page, "train-max_steps", steps)
    press(page, "train-start-button")
    expect_text(page, "train-status-line", f"Finished: {steps} steps")


def run_name(path):
    return f"{path.parent.name}/{path.name}"


@pytest.fixture
def trained(server, window):
    """A page on which the embedding ember was trained, at a rate that breaks it in the end."""
    page = open_page(window, server)
    create(page, "ember")
    set_up_training(page, max_steps=6, save_image_every=3)
    page.locator("#train-preview_beside").get_by_label("start").check()
    fill(page, "train-learning_rate", "0.005:4, 9")
    page.locator("#train-run-and-machine-part button").first.click()
    fill(page, "train-evaluate_every", 1)
    expect(page.locator("#train-resume-choice")).to_contain_text("A new run", timeout=PATIENCE_MS)
    page.evaluate("() => scrollTo(0, 0)")
    page.evaluate(_WATCH_SHIFTS)
    train(page, 6)
    return page


def scrub(page):
    """Go back to step 3 of two, and compare it with the start."""
    view = page.locator("#train-previews")
    wait_for_pictures(page, "train-previews", 2)
    said = view.locator(".ti-scrub-said")
    expect(said).to_contain_text("start left of the line, step 6 right of it")
    slider = view.get_by_role("slider", name="Step")
    slider.focus()
    slider.press("ArrowLeft")
    expect(said).to_contain_text("step 3 right of it")
    line = view.get_by_role("slider", name="The line between the two pictures")
    box = line.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.up()
    assert 20 <= int(line.input_value()) <= 30
    view.get_by_label("Beside it").select_option("step 6")
    expect(said).to_contain_text("step 6 left of the line, step 3 right of it")
    assert page.locator(".ti-one").get_attribute("src") != page.locator(".ti-other").get_attribute(
        "src"
    )


def overlay(page, server):
    """Smooth the chart less, and draw a run into it."""
    chart, options = page.locator("#train-loss-chart"), page.locator("#train-chart-options")
    before = chart.locator("path.ti-smooth").get_attribute("d")
    options.get_by_role("slider").fill("0")
    assert chart.locator("path.ti-smooth").get_attribute("d") != before
    first = sorted((server.home / "runs").glob("*/*"))[0]
    options.get_by_label("Another run").select_option(run_name(first))
    expect(chart.locator("path.ti-overlay")).to_have_attribute("d", re.compile("^M"))
    expect(chart.locator(".ti-key-overlay")).to_have_text(run_name(first))
    options.get_by_label("Another run").select_option("none")
    expect(chart.locator("path.ti-overlay")).to_have_count(0)


def test_one_continues_or_starts_over_and_uses_the_best(trained, server, shoot):
    page, choice = trained, trained.locator("#train-resume-choice")
    expect(choice).to_contain_text("Continue from step 6", timeout=PATIENCE_MS)
    assert choice.bounding_box()["height"] > 100
    assert page.evaluate("() => window.shifts") < 0.02
    shoot(page, "train-resume-choice")
    scrub(page)
    train(page, 8)
    expect(choice).to_contain_text("Continue from step 8", timeout=PATIENCE_MS)
    # Each news of the run offers anew, and so begins with Continue; the last comes with its end.
    page.wait_for_timeout(2000)
    choice.get_by_label("Start over").check()
    train(page, 7)
    assert (step_in(server, "ember"), step_in(server, "ember-8")) == (7, 8)
    best = page.locator("#train-best-button")
    expect(best).to_have_text(re.compile(r"Use best \(step \d+\)"), timeout=PATIENCE_MS)
    press(page, "train-best-button")
    expect(page.get_by_text("is now the best of its run")).to_be_visible(timeout=PATIENCE_MS)
    assert step_in(server, "ember-7") == 7
    assert f"(step {step_in(server, 'ember')})" in best.inner_text()
    overlay(page, server)
    fill(page, "train-max_steps", 99)
    press(page, "train-load-button")
    expect(page.locator("#train-max_steps input")).to_have_value("7", timeout=PATIENCE_MS)
    page.set_viewport_size({"width": 390, "height": 844})
    assert cut_off(page) == []
    shoot(page, "train-tab-390")
    go_to(page, "Library")
    expect_text(page, "library-list", "3 of 3 embeddings.*ember-7.*ember-8")


def test_a_second_browser_is_asked_before_a_run_goes_on_with_other_settings(
    trained, server, chromium, shoot
):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    other = open_page(context, server, "Train")
    expect(other.locator("#train-resume-choice")).to_contain_text(
        "Continue from step 6", timeout=PATIENCE_MS
    )
    fill(other, "train-max_steps", 8)
    press(other, "train-start-button")
    asked = other.locator("#train-question")
    expect(asked).to_contain_text("Batch size: 1 in the run", timeout=PATIENCE_MS)
    shoot(other, "train-asked")
    press(other, "train-show-button")
    expect(asked).to_be_hidden()
    expect(other.locator("#train-batch_size input").first).to_have_value("1")
    assert step_in(server, "ember") == 6
    train(other, 8)  # the same settings, for longer
    train(trained, 9)  # who has begun it is not asked
    context.close()
