"""What the Train tab shows while a training goes on, each thing looked for on the page itself."""

import re
import time

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    POLLING_MS,
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

NUMBER = r"\d+(\.\d+)?"


@pytest.fixture(scope="module")
def live(shared_server, chromium):
    """A page with a training that never moves, so that it converges within a moment."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, shared_server)
    fill(page, "create-num_vectors", 3)
    create(page, "glimmer", words="elephant")
    set_up_training(page, max_steps=100_000, save_image_every=40)
    page.locator("#train-preview_beside input[value=start]").check()
    fill(page, "train-learning_rate", "1e-9")
    page.locator("#train-run-and-machine-part button").first.click()
    fill(page, "train-evaluate_every", 5)
    fill(page, "train-convergence_window", 20)
    press(page, "train-start-button")
    wait_for_step(page, 41)
    yield page
    press(page, "train-stop-button")
    expect_text(page, "train-status-line", "Stopped")
    context.close()


_TOLD = """id => {
    const element = document.getElementById(id);
    const named = [...element.querySelectorAll('[aria-label]')].map(it => it.ariaLabel);
    return [element.innerText, ...named].join(' | ');
}"""


def grows(page, element, pattern):
    """Wait until a number in an element, or in what is read aloud of it, has grown by itself."""

    def read():
        found = re.search(pattern, page.evaluate(_TOLD, element))
        return float(found[1]) if found else -1.0

    first, deadline = -1.0, time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        now = read()
        if first < 0:
            first = now
        elif now > first:
            return True
        page.wait_for_timeout(POLLING_MS)
    return False


def test_the_status_counts_and_tells_speed_time_left_loss_and_rate(live):
    assert grows(live, "train-status-line", r"Step (\d+) of 100000")
    expect_text(
        live, "train-status-line",
        rf"{NUMBER} (a second|s each) · .* left · loss {NUMBER} · learning rate 1e-09",
    )  # fmt: skip
    expect(live.locator("#train-status-line [role=progressbar]")).to_be_visible()


def test_the_badge_tells_every_tab(live):
    go_to(live, "Generate")
    expect(live.locator(".ti-badge").first).to_contain_text(
        re.compile(r"Training glimmer · \d+ of 100000"), timeout=PATIENCE_MS
    )
    go_to(live, "Train")


def test_the_chart_draws_loss_fixed_batch_rate_and_grows(live):
    assert grows(live, "train-loss-chart", r"Loss from step \d+ to (\d+)")
    chart = live.locator("#train-loss-chart")
    for line in ("smooth", "fixed", "rate", "layout", "shapes", "detail"):
        expect(chart.locator(f"path.ti-{line}")).to_have_count(1)
    expect_text(live, "train-loss-chart", rf"layout {NUMBER} %\s*shapes {NUMBER} %")


def test_convergence_is_marked(live):
    expect_text(live, "train-loss-chart", r"converged at step \d+")
    expect(live.locator("#train-loss-chart path.ti-converged")).to_have_count(1)
    expect_text(live, "train-run-facts", r"Converged at step \d+: the loss of the fixed batch")


def test_each_vector_has_its_words_its_gauge_its_way_and_its_likeness(live):
    assert grows(live, "train-vectors", r"The vectors at step (\d+)")
    rows = live.locator("#train-vectors tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first.locator("td").first).to_have_text(re.compile(r"elephant \d+"))
    gauges = live.locator("#train-vectors [role=meter]")
    expect(gauges).to_have_count(3)
    expect(gauges.first).to_be_visible()
    assert 0.5 < float(gauges.first.get_attribute("aria-valuenow")) < 2
    assert rows.first.locator("td").nth(2).inner_text() == "0.00"
    assert rows.first.locator("td").nth(3).inner_text() == "1.00"


def test_the_pace_and_the_prompt_are_told(live):
    expect_text(
        live, "train-run-facts",
        rf"Current prompt.*glimmer.*{NUMBER} pictures/s · \d+ MB .*UNet \d+%.*text encoder \d+%",
    )  # fmt: skip


def test_previews_come_beside_the_one_without(live):
    wait_for_pictures(live, "train-previews", 2)
    expect_text(live, "train-previews", r"start left of the line, step \d+ right of it")


def test_save_now_and_sample_now_are_answered(live):
    pictures = live.locator("#train-previews img").count()
    press(live, "train-sample-button")
    wait_for_pictures(live, "train-previews", pictures + 1)
    press(live, "train-save-button")
    expect_text(live, "train-run-facts", r"Last saved.*glimmer-\d+\.(pt|png)")
    expect_text(live, "train-run-facts", r"Best\s*step \d+, fixed-batch loss 0\.\d+: .*-best\.pt")


def test_it_is_all_there_again_after_a_reload(live, shoot):
    live.reload()
    go_to(live, "Train")
    assert grows(live, "train-status-line", r"Step (\d+) of 100000")
    expect_text(live, "train-loss-chart", r"converged at step \d+")
    expect(live.locator("#train-vectors [role=meter]")).to_have_count(3, timeout=PATIENCE_MS)
    wait_for_pictures(live, "train-previews", 2)
    shoot(live, "live-elements")
