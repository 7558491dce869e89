"""An embedding is downloaded in another program's format, and diffusers' words are in it."""

import pytest
import torch
from playwright.sync_api import expect

from tests.browser.page import open_page, press
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_download_is_the_chosen_embedding(server, window, tmp_path):
    rows = torch.randn(2, 192, generator=torch.Generator().manual_seed(1))
    formats.write(Embedding("Cat-Toy", (rows,), 5), server.home / "embeddings" / "Cat-Toy.pt")
    page = open_page(window, server, "Train")
    chosen = page.locator("#train-embedding input").first
    chosen.click()
    page.get_by_role("option", name="Cat-Toy").click()
    page.get_by_text("Download the embedding for other programs").click()
    press(page, "train-download-diffusers-bin-button")
    save = page.locator("#train-download-file-button")
    expect(save).to_have_text("Save learned_embeds.bin", timeout=60_000)
    with page.expect_download() as download:
        save.click()
    download.value.save_as(tmp_path / "learned_embeds.bin")
    stored = torch.load(tmp_path / "learned_embeds.bin", weights_only=True)
    assert list(stored) == ["<cat-toy>"]
    assert torch.equal(stored["<cat-toy>"], rows)
