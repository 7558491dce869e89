"""A picture's crop is dragged by hand, kept, and taken back."""

import json
import time

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.page import PATIENCE_MS, expect_text, fill, open_page, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def colour(path):
    with Image.open(path) as image:
        return image.convert("RGB").getpixel((10, 10))


def wait_for(is_so):
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_crop_is_dragged_kept_and_taken_back(server, window, shoot):
    folder = server.home / "hills"
    folder.mkdir()
    picture = Image.new("RGB", (400, 200), "red")
    picture.paste("blue", (200, 0, 400, 200))
    picture.save(folder / "a.png")
    page = open_page(window, server, "Preprocess Images")
    fill(page, "preprocess-source", "hills")
    fill(page, "preprocess-destination", "prepared/hills")
    expect_text(page, "preprocess-plan", "Reads 1 picture in hills, crops each around the middle")
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Finished: 1 picture")
    made = server.home / "prepared/hills/00000-0-a.png"
    assert colour(made) == (255, 0, 0)

    page.get_by_role("button", name="Crop by hand").click()
    box = page.locator(".ti-crop-box")
    expect(box).to_be_visible(timeout=PATIENCE_MS)
    box.scroll_into_view_if_needed()
    area = box.bounding_box()
    page.mouse.move(area["x"] + 20, area["y"] + 20)
    page.mouse.down()
    page.mouse.move(area["x"] + 420, area["y"] + 20, steps=4)
    page.mouse.up()
    shoot(page, "crop-1-dragged")
    page.get_by_role("button", name="Crop to this and prepare again").click()
    expect(box).to_have_count(0, timeout=PATIENCE_MS)
    expect_text(page, "preprocess-status-line", "Finished: 1 picture")
    stored = json.loads((made.parent / ".prepared.json").read_text())
    assert list(stored["crops"].values()) == [[0.5, 0, 0.5, 1]]
    wait_for(lambda: colour(made) == (0, 0, 255))
    page.wait_for_timeout(1500)  # the job ends after its last file

    page.get_by_role("button", name="Crop by hand").click()
    page.get_by_role("button", name="Crop by the settings").click()
    expect(box).to_have_count(0, timeout=PATIENCE_MS)
    assert json.loads((made.parent / ".prepared.json").read_text())["crops"] == {}
    wait_for(lambda: colour(made) == (255, 0, 0))
