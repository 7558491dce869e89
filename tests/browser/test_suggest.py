"""Words that fit the user's pictures, found on the Create tab and taken with a click."""

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import tiny
from tests.browser.page import PATIENCE_MS, expect_text, fill, open_page, press, value_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_word_of_the_table_fills_the_initialization_text(server, chromium, shoot):
    model = tiny.build(server.home / "models" / "small")
    (server.home / "photos").mkdir()
    Image.new("RGB", (64, 64), "red").save(server.home / "photos" / "red.png")
    window = chromium.new_context(viewport={"width": 390, "height": 900}, color_scheme="dark")
    window.set_default_timeout(PATIENCE_MS)
    page = open_page(window, server)
    fill(page, "base-model", str(model))
    page.locator("#base-model input").first.press("Enter")
    page.locator("#suggest-part button").first.click()
    fill(page, "suggest-folder", "photos")
    fill(page, "suggest-draws", 4)
    press(page, "suggest-start-button")
    expect(page.locator("#suggest-table .ti-word")).to_have_count(6, timeout=PATIENCE_MS)
    page.locator("#suggest-table").get_by_role("button", name="house").click()
    expect(page.locator("#create-initialization_text textarea")).to_have_value("house")
    assert value_of(page, "suggest-folder") == "photos"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shoot(page, "suggest-dark-390")
    page.set_viewport_size({"width": 1440, "height": 900})
    shoot(page, "suggest-dark-1440")
    press(page, "suggest-blip-button")
    expect_text(page, "suggest-status-line", "Failed: .*BLIP")
    window.close()
