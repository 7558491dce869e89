"""The Generate tab in a browser: typing, completing, drawing, interrupting, coming back."""

import zipfile

import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    value_of,
    wait_for_pictures,
)
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def page(shared_server, window):
    for name in ("glimmer", "glow-worm", "Mammoth"):
        path = shared_server.home / "embeddings" / f"{name}.pt"
        if not path.exists():
            rows = torch.randn(2, 192, generator=torch.Generator().manual_seed(1)) * 0.1
            formats.write(Embedding(name, (rows,), 5), path)
    page = open_page(window, shared_server, "Generate")
    page.wait_for_selector("#generate-embedding-names [data-name=glimmer]", state="attached")
    page.wait_for_function("() => window.formsAreRestored", polling=100)
    yield page
    page.close()


def type_prompt(page, text, *, clear=True):
    prompt = page.locator("#generate-prompt textarea")
    prompt.click()
    if clear:
        prompt.fill("")
    prompt.press_sequentially(text)
    return prompt


def generate(page, pictures=1, **values):
    for control, value in ({"steps": 3} | values).items():
        fill(page, f"generate-{control}", value)
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", f"Finished: {pictures} picture")
    wait_for_pictures(page, "generate-picture-gallery", pictures)
    if "seed" in values:
        # What stood here before may be an earlier test's.
        expect_text(page, "generate-picture-info", f"Seed: {values['seed']}")


def test_names_are_completed_with_the_keyboard(page, shoot):
    offered = page.locator("#generate-completion [role=option]")
    prompt = type_prompt(page, "a photo of gl")
    expect(offered).to_have_count(2)
    shoot(page, "generate-completion")
    prompt.press("ArrowDown")
    prompt.press("Enter")
    expect(prompt).to_have_value("a photo of <glow-worm>")
    expect(offered.first).not_to_be_visible()
    type_prompt(page, " and <", clear=False)
    expect(offered).to_have_count(3)
    prompt.press("Escape")
    expect(offered.first).not_to_be_visible()
    type_prompt(page, "ma", clear=False)
    prompt.press("Tab")
    expect(prompt).to_have_value("a photo of <glow-worm> and <Mammoth>")
    # The server counts what it was sent.
    expect_text(page, "generate-prompt-note", r"\d+/75.*Mammoth.*glow-worm")


def test_names_are_completed_with_the_mouse_in_the_middle_of_a_text(page):
    prompt = type_prompt(page, "a <gli> on red")
    for _ in range(len("> on red")):
        prompt.press("ArrowLeft")
    prompt.press("Backspace")
    page.locator("#generate-completion [role=option]").get_by_text("glimmer").click()
    expect(prompt).to_have_value("a <glimmer> on red")
    expect(prompt).to_be_focused()


def test_names_are_completed_on_the_grids_tab_as_well(shared_server, window, page):
    grids = open_page(window, shared_server, "Grids")
    grids.wait_for_selector("#generate-embedding-names [data-name=glimmer]", state="attached")
    prompt = grids.locator("#grid-prompt textarea")
    prompt.press_sequentially("a <gli")
    prompt.press("Tab")
    expect(prompt).to_have_value("a <glimmer>")
    grids.close()


def test_enter_without_a_list_is_a_new_line(page):
    prompt = type_prompt(page, "a cat")
    prompt.press("Enter")
    expect(prompt).to_have_value("a cat\n")


def ask_for_a_long_job(page, *, batches):
    """Press Generate for pictures that take minutes, then ask for small ones as well."""
    type_prompt(page, "a cat")
    long = {"steps": 150, "width": 640, "height": 640, "batch_count": batches}
    for control, value in long.items():
        fill(page, f"generate-{control}", value)
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", rf"Sampling step \d+ of {150 * batches}")
    for control, value in {"steps": 2, "width": 0, "height": 0, "batch_count": 1}.items():
        fill(page, f"generate-{control}", value)
    press(page, "generate-start-button")
    expect_text(page, "generate-waiting-line", "1 more waits")


def test_an_interrupt_keeps_what_is_there_and_the_next_in_line_is_drawn(page, shoot):
    ask_for_a_long_job(page, batches=3)
    expect(page.locator("#generate-live-preview img")).to_be_visible()
    shoot(page, "generate-waiting")
    press(page, "generate-stop-button")
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    history = page.locator("#generate-history-gallery img")
    expect(history.nth(1)).to_be_visible()
    page.reload()
    go_to(page, "Generate")
    expect(history.nth(1)).to_be_visible()
    assert value_of(page, "generate-steps") == "2"


def test_skipping_leaves_a_picture_out_and_forgetting_empties_the_line(page):
    ask_for_a_long_job(page, batches=2)
    press(page, "generate-clear-button")
    expect(page.locator("#generate-waiting-line")).not_to_contain_text("wait")
    press(page, "generate-skip-button")
    expect_text(page, "generate-status-line", r"Sampling step (15[1-9]|1[6-9]\d|2\d\d) of 300")
    press(page, "generate-stop-button")
    expect_text(page, "generate-status-line", "Stopped")


def test_a_picture_tells_its_settings_and_is_handed_on(page, shared_server, tmp_path, shoot):
    type_prompt(page, "a (red:1.2) <glimmer>")
    generate(page, seed=41, cfg_scale=5)
    expect_text(page, "generate-picture-info", "Seed: 41")
    shoot(page, "generate-done")
    made = max((shared_server.home / "outputs").rglob("*-41.png"))
    type_prompt(page, "something else")
    fill(page, "generate-seed", 5)
    page.locator("#generate-read-part button").first.click()
    page.locator("#generate-read-picture input[type=file]").set_input_files(made)
    expect(page.locator("#generate-prompt textarea")).to_have_value(
        "a (red:1.2) <glimmer>", timeout=PATIENCE_MS
    )
    assert (value_of(page, "generate-seed"), value_of(page, "generate-cfg_scale")) == ("41", "5")

    press(page, "generate-download-all-button")
    save = page.locator("#generate-download-file-button")
    expect(save).to_have_text("Save pictures.zip", timeout=PATIENCE_MS)
    with page.expect_download() as download:
        save.click()
    download.value.save_as(tmp_path / "pictures.zip")
    with zipfile.ZipFile(tmp_path / "pictures.zip") as packed:
        (name,) = packed.namelist()
        assert packed.read(name) == made.read_bytes()

    press(page, "generate-to-train-button")
    page.locator("#train-previews-and-saving-part button").first.click()
    assert value_of(page, "train-preview_seed") == "41"
    go_to(page, "Generate")
    press(page, "generate-to-preprocess-button")
    expect(page.locator("#preprocess-source textarea, #preprocess-source input")).to_have_value(
        str(made.parent), timeout=PATIENCE_MS
    )


def test_pictures_are_shown_whole_and_enlarged_by_a_click_alone(page, shoot):
    type_prompt(page, "a red cat")
    generate(page, 3, num_images=3, seed=11)
    gallery = page.locator("#generate-picture-gallery")
    expect(gallery.locator(".thumbnail-lg img")).to_have_count(3)
    expect(gallery.locator(".preview")).to_have_count(0)
    hidden = "box => box.scrollHeight - box.clientHeight"
    assert gallery.locator(".grid-wrap").evaluate(hidden) <= 1
    shoot(page, "generate-three")
    gallery.locator(".thumbnail-lg").nth(1).click()
    expect(gallery.get_by_test_id("detailed-image")).to_be_visible()
    expect_text(page, "generate-picture-info", "Seed: 12")
    fill(page, "generate-num_images", 1)


def test_a_file_without_settings_is_said(page, tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    page.locator("#generate-read-part button").first.click()
    page.locator("#generate-read-picture input[type=file]").set_input_files(tmp_path / "plain.png")
    expect(page.get_by_text("This picture carries no settings")).to_be_visible(timeout=PATIENCE_MS)


def test_a_picture_is_begun_from_and_only_what_is_painted_changes(page, shared_server, shoot):
    type_prompt(page, "a cat")
    generate(page, seed=7)
    press(page, "generate-begin-from-button")
    page.locator("#generate-image-to-image-part button").first.click()
    canvas = page.locator("#generate-canvas canvas").first
    canvas.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    page.locator("#generate-canvas button[aria-label='Brush']").click()
    box = canvas.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle[0] - 12, middle[1])
    page.mouse.down()
    page.mouse.move(middle[0] + 12, middle[1] + 12, steps=6)
    page.mouse.up()
    page.wait_for_timeout(500)
    shoot(page, "generate-canvas")
    type_prompt(page, "a red house")
    generate(page, seed=8, steps=4)
    expect_text(page, "generate-picture-info", "Denoising strength: 0.75.*Mask blur: 4")
    first, second = (
        Image.open(max((shared_server.home / "outputs").rglob(f"*-{seed}.png"))) for seed in (7, 8)
    )
    from PIL import ImageChops

    left, top, right, bottom = ImageChops.difference(first, second).getbbox()
    assert first.size == second.size
    assert (left > 8, top > 8, right < 120, bottom < 120) == (True,) * 4
