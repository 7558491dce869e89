"""The Workshop tab: an embedding is made from others, looked at before it is saved, and pruned."""

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
    reload,
    value_of,
)
from textual_inversion.embeddings import formats

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def small(server):
    tiny.build(server.home / "models" / "small")
    (server.home / "photos").mkdir()
    for place, colour in enumerate(["red", "green"]):
        Image.new("RGB", (64, 64), colour).save(server.home / "photos" / f"{place}.png")
    return server.home


def choose(page, control, option):
    page.locator(f"#{control} input").first.click()
    page.get_by_role("option", name=option).first.click()


def at_workshop(window, server, *names):
    page = open_page(window, server)
    choose(page, "base-model", "models/small")
    for name in names:
        create(page, name, words="red dog")
    go_to(page, "Workshop")
    return page


def test_a_mix_is_looked_at_before_it_is_saved(server, small, window, shoot):
    page = at_workshop(window, server, "glimmer", "spark")
    fill(page, "workshop-name", "blend")
    choose(page, "workshop-add", "glimmer")
    expect(page.locator("#workshop-sources textarea")).to_have_value("glimmer")
    choose(page, "workshop-add", "spark")
    expect(page.locator("#workshop-sources textarea")).to_have_value("glimmer, spark")
    press(page, "workshop-preview-button")
    page.locator("#workshop-preview img").wait_for()
    assert not (small / "embeddings" / "blend.pt").exists()
    shoot(page, "workshop")
    press(page, "workshop-save-button")
    expect_text(page, "workshop-result-line", r"Made .*blend\.pt\.")
    made = formats.read(small / "embeddings" / "blend.pt")
    assert '"sources": "glimmer, spark"' in made.settings
    reload(page, "Workshop")
    expect(page.locator("#workshop-sources textarea")).to_have_value("glimmer, spark")
    assert value_of(page, "workshop-name") == "blend"


def test_words_are_calculated_with_and_what_is_wrong_is_said(server, small, window):
    page = at_workshop(window, server, "glimmer")
    fill(page, "workshop-name", "sum")
    choose(page, "workshop-operation", "arithmetic")
    choose(page, "workshop-add", "glimmer")
    expect(page.locator("#workshop-sources textarea")).to_have_value("<glimmer>")
    fill(page, "workshop-sources", "<glimmer> - dog + cat")
    press(page, "workshop-save-button")
    expect_text(page, "workshop-result-line", r"Made .*sum\.pt\.")
    fill(page, "workshop-name", "gone")
    fill(page, "workshop-sources", "<nothing> + dog")
    press(page, "workshop-save-button")
    expect(page.get_by_text("There is no embedding called 'nothing'").first).to_be_visible(
        timeout=PATIENCE_MS
    )


def test_vectors_are_pruned_on_the_page(server, small, window):
    page = open_page(window, server)
    choose(page, "base-model", "models/small")
    fill(page, "create-num_vectors", 2)
    create(page, "glimmer", words="red dog")
    go_to(page, "Workshop")
    page.get_by_text("Prune: drop the vectors").click()
    fill(page, "prune-embedding", "glimmer")
    fill(page, "prune-dataset_dir", "photos")
    press(page, "prune-start-button")
    expect_text(page, "prune-status-line", r"Finished: 3 .*Saved in .*glimmer-pruned\.pt\.")
    expect_text(page, "prune-table", "dropped.*Loss without it")
    assert formats.read(small / "embeddings" / "glimmer-pruned.pt").num_vectors == 1


def test_a_pruning_is_interrupted_on_the_page_and_saves_nothing(server, small, window, shoot):
    page = open_page(window, server)
    choose(page, "base-model", "models/small")
    fill(page, "create-num_vectors", 74)
    create(page, "glimmer", words="red dog")
    go_to(page, "Workshop")
    page.get_by_text("Prune: drop the vectors").click()
    fill(page, "prune-embedding", "glimmer")
    fill(page, "prune-dataset_dir", "photos")
    press(page, "prune-start-button")
    expect_text(page, "prune-table", "Loss without it")
    press(page, "prune-stop-button")
    expect_text(page, "prune-status-line", r"Stopped at measured loss \d+ of 2775\.")
    shoot(page, "workshop-prune")
    assert not (small / "embeddings" / "glimmer-pruned.pt").exists()
    expect(page.locator("#prune-start-button")).to_be_enabled(timeout=PATIENCE_MS)


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_fits(server, small, chromium, shoot, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, server)
    go_to(page, "Workshop")
    page.wait_for_selector("#workshop-name")
    shoot(page, f"workshop-{scheme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
