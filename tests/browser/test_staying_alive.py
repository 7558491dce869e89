"""Many tabs, a killed server, a phone: the run is shown everywhere."""

import signal

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    come_back,
    create,
    expect_text,
    go_to,
    open_page,
    press,
    set_up_training,
    step_of,
    wait_for_pictures,
    wait_for_step,
)

TABS = (
    "Start", "Create Embedding", "Preprocess Images", "Train", "Sweep", "Generate", "Grids",
    "Evaluate", "Library", "Workshop", "Base Models", "Runs",
)  # fmt: skip
pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def training(server, window):
    """A page on which a long training has drawn its first preview."""
    page = open_page(window, server)
    create(page, "glimmer")
    set_up_training(page, max_steps=100_000, save_image_every=20)
    press(page, "train-start-button")
    wait_for_pictures(page, "train-previews", 1)
    return page


def test_eight_tabs_of_one_browser_stay_live(training, server, window):
    pages = [training, *(open_page(window, server, "Train") for _ in range(7))]
    seen = [step_of(page) for page in pages]
    for page, step in zip(pages, seen, strict=True):
        wait_for_step(page, step + 3)
        wait_for_pictures(page, "train-previews", 1)
    assert min(step_of(page) for page in pages) > max(seen)


def test_interrupting_in_one_tab_frees_the_buttons_of_another(training, server, window):
    other = open_page(window, server, "Train")
    expect(other.locator("#train-start-button")).to_be_disabled()
    press(other, "train-stop-button")
    expect_text(training, "train-status-line", "Stopped at step")
    expect(training.locator("#train-start-button")).to_be_enabled()
    expect(training.locator("#train-stop-button")).to_be_disabled()


def test_a_killed_server_shows_the_run_when_it_is_back(training, server):
    reached = step_of(training)
    server.end(signal.SIGKILL)
    server.start()
    come_back(training, server, "Train")
    expect_text(training, "train-status-line", "The program ended during this run")
    expect_text(training, "train-loss-chart", "smoothed, now")
    wait_for_pictures(training, "train-previews", 1)
    press(training, "train-start-button")
    wait_for_step(training, reached + 1)


def test_asking_the_server_to_end_saves_what_was_learned(training, server):
    embedding = server.home / "embeddings" / "glimmer.pt"
    before = embedding.read_bytes()
    server.end()
    assert embedding.read_bytes() != before
    server.start()
    come_back(training, server, "Train")
    expect_text(training, "train-status-line", "Stopped at step")


def test_the_page_fits_a_phone(training, chromium, server, shoot):
    for scheme in ("light", "dark"):
        phone = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        phone.set_default_timeout(PATIENCE_MS)
        page = open_page(phone, server)
        for tab in TABS:
            go_to(page, tab)
            page.wait_for_timeout(1500)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            shoot(page, f"phone-{scheme}-{tab.split()[0].lower()}")
        phone.close()
