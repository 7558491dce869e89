"""What somebody who knows other trainers does, from an own folder to the embedding in a picture."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    create,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    wait_for_pictures,
)
from textual_inversion.embeddings import formats

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def own(server):
    """A folder of two pictures that are wider than high."""
    folder = server.home / "own"
    folder.mkdir()
    for name, colour in (("dawn", "orange"), ("dusk", "navy")):
        picture = Image.effect_noise((200, 120), 60).convert("RGB")
        picture.paste(colour, (20, 0, 90, 90))
        picture.save(folder / f"{name}.png")
    return folder


def prepare(page):
    """Crop around the focal point, with mirrored copies; caption one picture by hand."""
    go_to(page, "Preprocess Images")
    fill(page, "preprocess-source", "own")
    fill(page, "preprocess-destination", "prepared/own")
    page.locator("#preprocess-flipped_copies").get_by_label("horizontal").check()
    page.locator("#preprocess-focal_crop input").check()
    expect_text(
        page,
        "preprocess-plan",
        "Reads 2 pictures in own, crops each around their focal point.*4 files",
    )
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Finished: 2 pictures, 4 files")
    press(page, "preprocess-caption-button")
    wait_for_pictures(page, "captions-grid", 4)
    caption = page.locator("#captions-grid [data-caption]").first
    caption.press_sequentially("orange sky")
    caption.blur()
    expect_text(page, "captions-summary", "1 changed, not saved")
    press(page, "captions-save-button")
    expect_text(page, "captions-summary", "nothing to save")
    go_to(page, "Prepare")
    press(page, "preprocess-onward-button")


def queue_three(page):
    """Queue three trainings, each from where the last one ended, by a schedule of rates."""
    expect(page.locator("#train-embedding input")).to_have_value(
        re.compile("vet"), timeout=PATIENCE_MS
    )
    fill(page, "train-learning_rate", "0.005:3, 0.001")
    fill(page, "train-batch_size", 1)
    page.locator("#train-previews-and-saving-part button").first.click()
    fill(page, "train-save_image_every", 2)
    fill(page, "train-preview_steps", 2)
    page.locator("#train-run-and-machine-part button").first.click()
    fill(page, "train-evaluate_every", 1)
    fill(page, "train-resume", "never")
    for steps in (2, 4, 6):
        fill(page, "train-max_steps", steps)
        press(page, "train-queue-button")


def compare(page):
    go_to(page, "Runs")
    rows = page.locator("#runs-table tbody tr")
    expect(rows.filter(has_text=re.compile("finished"))).to_have_count(3, timeout=PATIENCE_MS)
    rows.filter(has_text=re.compile("/vet-3")).get_by_role("button", name="Open").click()
    expect_text(page, "runs-opened-view", "vet-3.*Settings other than the defaults")
    rows.filter(has_text=re.compile("/vet-2")).get_by_role("button", name="Compare").click()
    expect_text(page, "runs-opened-view", r"vet-3.*vet-2.*Settings that differ.*Max steps\s*6\s*4")


def test_from_an_own_folder_to_a_picture_that_is_the_embedding(
    server, window, own, shoot, tmp_path
):
    page = open_page(window, server)
    create(page, "vet")
    prepare(page)
    queue_three(page)
    compare(page)
    shoot(page, "veteran-1-compared")
    go_to(page, "Train")
    expect(page.locator("#train-best-button")).to_have_text(
        re.compile(r"\(step \d\)"), timeout=PATIENCE_MS
    )
    press(page, "train-best-button")
    expect(page.get_by_text("the best of its run").first).to_be_visible(timeout=PATIENCE_MS)
    best = formats.read(server.home / "embeddings" / "vet.pt").step

    page.get_by_text("Download the embedding for other programs").first.click()
    press(page, "train-download-png-button")
    save = page.locator("#train-download-file-button")
    expect(save).to_have_text(re.compile(r"\.png$"), timeout=PATIENCE_MS)
    with page.expect_download() as download:
        save.click()
    picture = tmp_path / "vet-again.png"
    download.value.save_as(picture)
    go_to(page, "Library")
    page.locator("#library-drop input[type=file]").set_input_files(str(picture))
    expect(page.locator("#library-details h3")).to_contain_text("vet", timeout=PATIENCE_MS)
    expect(page.locator(".ti-shelf")).to_contain_text("vet-again", timeout=PATIENCE_MS)
    shoot(page, "veteran-2-dropped")
    assert formats.read(server.home / "embeddings" / "vet-again.png").step == best
