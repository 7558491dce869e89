"""An embedding's snapshots are drawn and measured, and the best one becomes the embedding."""

import pytest
from playwright.sync_api import expect

from tests import tiny
from tests.browser.page import PATIENCE_MS, expect_text, fill, open_page, press, reload
from tests.evaluation.snapshots.evaluated import write_subject

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def run(server):
    # Of the random vectors those of step 30 are the best, and the library has others.
    return write_subject(server.home, tiny.build(server.home / "models" / "small"), step=10)


def evaluate(page, server, *, num_prompts):
    page.locator("#evaluate-embedding input").click()
    page.get_by_role("option", name="zyx").click()
    fill(page, "evaluate-dataset_dir", server.home / "photos")
    fill(page, "evaluate-num_prompts", num_prompts)
    fill(page, "evaluate-num_snapshots", 2)
    press(page, "evaluate-start-button")


def test_the_best_snapshot_becomes_the_embedding(server, run, window, shoot):
    page = open_page(window, server, "Evaluate")
    evaluate(page, server, num_prompts=2)
    expect_text(page, "evaluate-status-line", "Finished: 6 pictures")
    choices = page.locator("#evaluate-sheet .ti-choice")
    expect(choices).to_have_count(3, timeout=PATIENCE_MS)
    expect(page.locator("#evaluate-sheet tbody tr")).to_have_count(3 + 2)
    shoot(page, "evaluate")
    before = (server.home / "embeddings" / "zyx.pt").read_bytes()
    page.get_by_role("button", name="Make this the embedding: step 30").first.click()
    expect(page.get_by_text("zyx is now what was called step 30")).to_be_visible()
    assert (server.home / "embeddings" / "zyx.pt").read_bytes() != before
    assert (server.home / "embeddings" / "zyx-10.pt").is_file()
    with page.expect_download() as download:
        press(page, "evaluate-report-button")
    assert b"data:image/webp" in download.value.path().read_bytes()

    reload(page, "Evaluate")
    expect(choices).to_have_count(3, timeout=PATIENCE_MS)


def test_an_evaluation_is_interrupted_and_a_mistake_is_said(server, run, window):
    page = open_page(window, server, "Evaluate")
    evaluate(page, server, num_prompts=1)
    expect_text(page, "evaluate-status-line", "Failed: Prompts holds only one prompt")
    fill(page, "evaluate-num_prompts", 0)
    fill(page, "evaluate-num_images", 64)
    press(page, "evaluate-start-button")
    expect_text(page, "evaluate-status-line", "Sampling step")
    press(page, "evaluate-stop-button")
    expect_text(page, "evaluate-status-line", "Stopped at sampling step")
    assert not list((server.home / "outputs").glob("evaluations/**/*"))


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_fits(server, run, chromium, shoot, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, server, "Evaluate")
    evaluate(page, server, num_prompts=2)
    expect(page.locator("#evaluate-sheet .ti-choice")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, f"evaluate-{scheme}-{width}")
    context.close()
