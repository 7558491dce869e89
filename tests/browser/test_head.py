"""The head of the page follows a training: title, badge, Stop, and a notification at its end."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    create,
    go_to,
    open_page,
    press,
    set_up_training,
    wait_for_step,
)

pytestmark = [pytest.mark.slow, pytest.mark.browser]

_SPY = """
window.told = [];
window.Notification = class {
  static permission = 'granted';
  constructor(title, options) { window.told.push([title, options.body]); }
};
"""


def test_the_head_follows_a_training_on_every_tab(window, server, shoot):
    window.add_init_script(_SPY)
    page = open_page(window, server)
    # Gradio's frontend watches what is a plain list for changes, which takes it a second.
    assert page.evaluate("Object.getPrototypeOf(gradio_config.dependencies) !== Array.prototype")
    create(page, "glimmer", words="elephant")
    set_up_training(page, max_steps=100_000)
    press(page, "train-start-button")
    wait_for_step(page, 2)
    expect(page).to_have_title(re.compile(r"\d+ % glimmer"), timeout=PATIENCE_MS)
    go_to(page, "Preprocess Images")
    height = page.locator(".ti-head").bounding_box()["height"]
    shoot(page, "head")
    page.locator("#head-stop-button").click()
    expect(page).to_have_title("Textual Inversion", timeout=PATIENCE_MS)
    page.wait_for_function("window.told.length === 1")
    assert page.evaluate("window.told[0][0]") == "glimmer"
    assert "Stopped at step" in page.evaluate("window.told[0][1]")
    assert page.locator(".ti-head").bounding_box()["height"] == height
