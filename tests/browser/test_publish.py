"""An embedding is published from the page: shown, agreed to, and on the Hub."""

import pytest
import torch
from playwright.sync_api import expect

from tests.browser.page import open_page, press
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_it_is_uploaded_after_a_second_click(online, window, shoot, width, scheme):
    server, hub = online
    formats.write(Embedding("dog", (torch.ones(1, 192),), 5), server.home / "embeddings" / "dog.pt")
    page = open_page(window, server, "Train")
    page.set_viewport_size({"width": width, "height": 1000})
    page.emulate_media(color_scheme=scheme)
    page.locator("#train-embedding input").first.click()
    page.get_by_role("option", name="dog").click()
    page.get_by_text("Publish on the Hugging Face Hub").click()
    page.locator("#train-publish-repository textarea, #train-publish-repository input").fill(
        "my-dog"
    )
    press(page, "train-publish-show-button")
    expect(page.locator("#train-publish-summary")).to_contain_text("mia/my-dog (private)")
    shoot(page, f"publish-{width}-{scheme}")
    assert hub.repositories == {}
    press(page, "train-publish-upload-button")
    expect(page.locator("#train-publish-summary")).to_contain_text(
        f"Uploaded to {hub.url}/mia/my-dog"
    )
    assert hub.repositories["mia/my-dog"].private
