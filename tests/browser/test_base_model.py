"""One base model for the page: chosen in its head, kept, and followed by every tab."""

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import tiny
from tests.browser.page import (
    PATIENCE_MS,
    create,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    value_of,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TABS = ("Create Embedding", "Preprocess Images", "Train", "Generate", "Grids", "Evaluate", "Runs")


def choose_model(page, name):
    field = page.locator("#base-model input").first
    field.click()
    page.get_by_role("option", name=name, exact=True).click()
    expect(field).to_have_value(name)


@pytest.fixture
def small(server):
    """A base model of 64 pixels beside the pocket model of 128."""
    tiny.build(server.home / "models" / "small")
    (server.home / "photos").mkdir()
    Image.new("RGB", (200, 200), "red").save(server.home / "photos" / "red.png")
    return "models/small"


def test_the_base_model_is_chosen_once_for_all_tabs_and_kept(server, small, window, shoot):
    page = open_page(window, server)
    expect_text(page, "base-model-note", r"128 x 128 pixels")
    choose_model(page, small)
    expect_text(page, "base-model-note", r"64 x 64 pixels · vectors of 32 numbers")
    create(page, "glimmer", words="dog")

    go_to(page, "Preprocess Images")
    fill(page, "preprocess-source", "photos")
    fill(page, "preprocess-destination", "ready")
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Finished: 1 picture")
    with Image.open(next((server.home / "ready").glob("*.png"))) as made:
        assert made.size == (64, 64)
    go_to(page, "Check")
    fill(page, "check-folder", "ready")
    press(page, "check-start-button")
    expect_text(page, "check-report", "64")
    go_to(page, "Train")
    page.get_by_text("The command line that does the same").click()
    expect_text(page, "train-command-line", f"ti train glimmer .*--model {small}")
    go_to(page, "Generate")
    fill(page, "generate-steps", 2)
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    expect_text(page, "generate-picture-info", "Size: 64x64.*Model: small")

    page.reload()
    expect_text(page, "base-model-note", r"64 x 64 pixels")
    assert value_of(page, "base-model") == small
    shoot(page, "base-model")


def test_the_base_model_of_the_chosen_embedding_is_proposed(server, small, window, shoot):
    page = open_page(window, server)
    choose_model(page, small)
    create(page, "glimmer", words="dog")
    expect_text(page, "base-model-note", r"64 x 64 pixels")
    choose_model(page, "models/pocket")
    expect_text(page, "base-model-note", "glimmer was made on small. Use small")
    shoot(page, "base-model-proposal")
    page.locator("#base-model-note").get_by_role("button", name="Use small").click()
    expect(page.locator("#base-model input").first).to_have_value(small, timeout=PATIENCE_MS)
    expect_text(page, "base-model-note", r"64 x 64 pixels")
    go_to(page, "Train")
    page.get_by_text("The command line that does the same").click()
    expect_text(page, "train-command-line", f"--model {small}")

    choose_model(page, "models/pocket")
    page.locator("#base-model-note").get_by_role("button", name="Use small").click()
    expect_text(page, "base-model-note", r"64 x 64 pixels")


def test_an_embedding_put_into_a_prompt_brings_its_base_model_up(server, small, window):
    page = open_page(window, server)
    create(page, "spark")
    choose_model(page, small)
    create(page, "glimmer", words="dog")
    expect_text(page, "base-model-note", "64 x 64 pixels")
    go_to(page, "Generate")
    fill(page, "generate-prompt", "a photo of")
    page.locator("#generate-insert-word input").click()
    page.get_by_role("option", name="spark").click()
    expect(page.locator("#generate-prompt textarea")).to_have_value("a photo of <spark>")
    expect_text(page, "base-model-note", "spark was made on pocket. Use pocket")


def top_of_tabs(page):
    return page.evaluate("document.querySelector('#tabs').getBoundingClientRect().top + scrollY")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_head_keeps_its_height_and_fits(server, small, chromium, shoot, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, server)
    expect_text(page, "base-model-note", r"128 x 128 pixels")
    before = top_of_tabs(page)
    create(page, "glimmer")
    choose_model(page, small)
    expect_text(page, "base-model-note", "glimmer was made on pocket. Use pocket")
    assert top_of_tabs(page) == before
    assert page.locator("#base-model-note button").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shoot(page, f"base-model-{scheme}-{width}")
    fill(page, "base-model", "owner/" + "long-name-of-a-model-" * 4)
    page.locator("#base-model input").first.press("Enter")
    expect_text(page, "base-model-note", "There is no base model")
    assert top_of_tabs(page) == before
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
