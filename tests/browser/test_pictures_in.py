"""Pictures come into data sets without a shell: dropped, chosen, or found on the machine."""

import zipfile

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.page import PATIENCE_MS, expect_text, fill, go_to, open_page, press, value_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ZONE = "preprocess-source-pictures"
_DROP = """([id, files]) => {
  const data = new DataTransfer();
  for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name));
  const zone = document.querySelector(`#${id} .ti-drop`);
  zone.dispatchEvent(new DragEvent('drop', {bubbles: true, dataTransfer: data}));
}"""


@pytest.fixture
def photo(tmp_path):
    """A photograph of more than 1 MB."""
    path = tmp_path / "photo.jpg"
    Image.effect_noise((2400, 1800), 90).save(path, quality=95)
    assert path.stat().st_size > 1_500_000
    return path


def zone_of(page):
    go_to(page, "Preprocess Images")
    zone = page.locator(f"#{ZONE}")
    expect(zone).to_contain_text("Drop pictures", timeout=PATIENCE_MS)
    return zone


def choose(zone, *paths, kind="files"):
    zone.locator(f"input[data-for={kind}]").set_input_files([str(path) for path in paths])


def test_a_photograph_becomes_a_data_set_that_is_chosen(server, window, photo, shoot):
    page = open_page(window, server)
    zone = zone_of(page)
    zone.locator(".ti-drop-name").fill("cats")
    choose(zone, photo)
    expect(zone).to_contain_text("Added 1 picture to datasets/cats", timeout=PATIENCE_MS)
    assert (server.home / "datasets/cats/photo.jpg").read_bytes() == photo.read_bytes()
    expect(page.locator("#preprocess-source textarea")).to_have_value("datasets/cats")
    expect(page.locator("#preprocess-destination textarea")).to_have_value("prepared/cats")
    shoot(page, "pictures-in-1-added")

    zone.locator(".ti-drop-name").fill("cats")
    choose(zone, photo)
    expect(zone).to_contain_text("already holds 1 picture", timeout=PATIENCE_MS)
    shoot(page, "pictures-in-2-mixing")
    zone.get_by_role("button", name="Make datasets/cats-2").click()
    expect(zone).to_contain_text("to datasets/cats-2", timeout=PATIENCE_MS)
    assert {p.name for p in (server.home / "datasets").iterdir()} == {"cats", "cats-2"}


def test_a_folder_a_zip_and_dropped_files_come_in(shared_server, window, photo, tmp_path):
    page = open_page(window, shared_server)
    zone = zone_of(page)
    (tmp_path / "dogs").mkdir()
    photo.rename(tmp_path / "dogs" / "a.jpg")
    zone.locator("input[data-for=folder]").set_input_files(str(tmp_path / "dogs"))
    expect(zone).to_contain_text("Added 1 picture to datasets/dogs", timeout=PATIENCE_MS)
    with zipfile.ZipFile(tmp_path / "birds.zip", "w") as archive:
        archive.write(tmp_path / "dogs" / "a.jpg", "../a.jpg")
    choose(zone, tmp_path / "birds.zip")
    expect(zone).to_contain_text("a place outside of it", timeout=PATIENCE_MS)
    small = tmp_path / "small.png"
    Image.new("RGB", (64, 64), "teal").save(small)
    page.evaluate(_DROP, [ZONE, [["small.png", list(small.read_bytes())], ["x.exe", [1, 2]]]])
    expect(zone).to_contain_text("Added 1 picture to datasets/pictures", timeout=PATIENCE_MS)
    names = sorted(path.name for path in (shared_server.home / "datasets").iterdir())
    assert names == ["dogs", "pictures"]


def test_a_folder_of_the_machine_is_found_by_clicks(shared_server, window, shoot):
    folder = shared_server.home / "holiday" / "beach"
    folder.mkdir(parents=True)
    Image.new("RGB", (64, 64), "teal").save(folder / "a.png")
    page = open_page(window, shared_server)
    zone = zone_of(page)
    zone.get_by_role("button", name="Browse this machine").click()
    zone.get_by_role("button", name=shared_server.home.name, exact=True).click()
    zone.get_by_role("button", name="holiday", exact=True).click()
    shoot(page, "pictures-in-3-browsing")
    zone.get_by_role("button", name="Use beach").click()
    expect(page.locator("#preprocess-source textarea")).to_have_value("holiday/beach")


def test_a_folder_outside_is_asked_about_once(shared_server, window, tmp_path):
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "a.png")
    page = open_page(window, shared_server, "Preprocess Images")
    fill(page, "preprocess-source", tmp_path)
    fill(page, "preprocess-destination", "prepared/outside")
    press(page, "preprocess-start-button")
    expect(page.locator("body")).to_contain_text("lies outside of this project")
    assert not (shared_server.home / "prepared").exists()
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Finished: 1 picture")
    assert value_of(page, "preprocess-source") == str(tmp_path)
