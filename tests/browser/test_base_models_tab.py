"""The Base Models tab: what is listed, folders that are added, a model and a VAE that are used."""

import json

import pytest
from playwright.sync_api import expect
from safetensors.torch import save_file

from tests import ldm, tiny
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
from tests.models.downloads.slow_hub import IN_MB, NAME, add_slow_model
from tests.models.test_download import files_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def models(server, tmp_path_factory):
    """A folder, a single file without a tokenizer, a VAE and a broken file in models/."""
    folder = server.home / "models"
    tiny.build(folder / "small")
    (folder / "VAE").mkdir()
    save_file(tiny.vae().state_dict(), folder / "VAE" / "mine.safetensors")
    (folder / "broken.safetensors").write_bytes(b"nothing")
    more = tmp_path_factory.mktemp("more")
    tensors = ldm.build(more / "x" / "y", "sd2")
    save_file({n: t.clone().contiguous() for n, t in tensors.items()}, more / "two.safetensors")
    return more


def press_in_table(page, label):
    page.locator("#models-table").get_by_role("button", name=label).click()


def test_models_are_listed_hashed_and_used_without_a_restart(server, models, window, shoot):
    page = open_page(window, server)
    go_to(page, "Base Models")
    expect_text(page, "models-table", r"models/small.*epsilon.*64 x 64")
    expect_text(page, "models-table", r"broken.safetensors.*is damaged or not a safetensors file")
    fill(page, "models-folders", models)
    press(page, "models-keep-button")
    expect_text(page, "models-table", r"two\.safetensors.*told when opened.*768 x 768")
    press(page, "models-hash-button")
    expect_text(page, "models-table", r"models/small.*[0-9a-f]{10}")
    press_in_table(page, "Use: models/small")
    expect(page.locator("#base-model input").first).to_have_value("models/small")
    press_in_table(page, "Use as VAE: models/VAE/mine.safetensors")
    create(page_on(page, "Create Embedding"), "glimmer", words="dog")
    go_to(page, "Train")
    page.locator("#train-run-and-machine-part button").first.click()
    expect(page.locator("#train-vae input")).to_have_value("models/VAE/mine.safetensors")
    go_to(page, "Generate")
    fill(page, "generate-steps", 2)
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    go_to(page, "Base Models")
    expect_text(page, "models-table", r"models/small\s*open")
    shoot(page, "base-models")
    kept = json.loads((server.home / ".textual-inversion" / "model_folders.json").read_text())
    assert kept == [str(models)]


def test_a_model_of_the_hub_is_downloaded_and_can_be_used(online, stacks, window, shoot):
    server, hub = online
    hub.add("owner/model", files_of(stacks["sd1"]))
    page = open_page(window, server)
    go_to(page, "Base Models")
    fill(page, "models-download-name", "owner/model")
    press(page, "models-download-button")
    expect_text(page, "models-download-line", "owner/model is here: .*snapshots")
    expect_text(page, "models-table", "owner/model.*64 x 64")
    shoot(page, "base-models-download")
    press_in_table(page, "Use: owner/model")
    expect(page.locator("#base-model input").first).to_have_value("owner/model")


def test_what_has_come_is_told_while_a_model_is_downloaded(online, stacks, window, shoot):
    server, hub = online
    go_on = add_slow_model(hub, stacks["sd1"])
    page = open_page(window, server)
    go_to(page, "Base Models")
    fill(page, "models-download-name", NAME)
    press(page, "models-download-button")
    expect_text(page, "models-download-line", f"Downloading {NAME}: {IN_MB}")
    shoot(page, "base-models-downloading")
    go_on.set()
    expect_text(page, "models-download-line", f"{NAME} is here: .*snapshots")


def test_create_tells_what_has_come_and_then_creates(online, stacks, window, shoot):
    server, hub = online
    go_on = add_slow_model(hub, stacks["sd1"])
    page = open_page(window, server)
    field = page.locator("#base-model input").first
    field.fill(NAME)
    field.press("Enter")
    fill(page, "create-name", "new-x")
    press(page, "create-start-button")
    expect_text(page, "create-result-line", f"Downloading {NAME}: {IN_MB}")
    shoot(page, "create-downloading")
    go_on.set()
    expect_text(page, "create-result-line", "Created .*new-x.pt")


def page_on(page, tab):
    go_to(page, tab)
    return page


def test_a_wrong_folder_and_a_wrong_name_are_one_sentence(server, window):
    page = open_page(window, server)
    go_to(page, "Base Models")
    fill(page, "models-folders", "/nowhere")
    press(page, "models-keep-button")
    expect(page.get_by_text("/nowhere is not a folder; give the path")).to_be_visible(
        timeout=PATIENCE_MS
    )
    fill(page, "models-download-name", "no-owner")
    press(page, "models-download-button")
    expect(page.get_by_text('"no-owner" is no name of a model on the Hub')).to_be_visible(
        timeout=PATIENCE_MS
    )
    assert value_of(page, "models-download-name") == "no-owner"


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tab_fits(server, models, chromium, shoot, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, server)
    go_to(page, "Base Models")
    expect_text(page, "models-table", "models/small")
    shoot(page, f"base-models-{scheme}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
