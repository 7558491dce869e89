"""The prompt of the Generate tab goes with the embedding until somebody writes another one."""

import pytest
from playwright.sync_api import expect

from tests.browser.page import PATIENCE_MS, create, go_to, open_page, reload

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def expect_prompt(page, text):
    expect(page.locator("#generate-prompt textarea")).to_have_value(text, timeout=PATIENCE_MS)


def create_and_look(page, name):
    go_to(page, "Create Embedding")
    create(page, name)
    go_to(page, "Generate")


def test_a_prompt_that_somebody_wrote_stays(shared_server, window):
    page = open_page(window, shared_server)
    for name in ("glimmer", "spark"):
        create_and_look(page, name)
        expect_prompt(page, f"a photo of <{name}>")
    page.locator("#generate-prompt textarea").fill("my own words")
    create_and_look(page, "shimmer")
    expect_prompt(page, "my own words")
    reload(page, "Generate")
    expect_prompt(page, "my own words")
    page.locator("#generate-prompt textarea").fill(" ")
    go_to(page, "Train")
    go_to(page, "Generate")
    expect_prompt(page, "a photo of <shimmer>")
