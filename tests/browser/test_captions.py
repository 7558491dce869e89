"""Captions are edited and a data set is checked in a real browser."""

from urllib.parse import parse_qs, urlparse

import pytest
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

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CAPTIONS = {"dawn": "red, hill, sun", "noon": "red, tree", "dusk": "hill, moon"}


@pytest.fixture
def folder(shared_server, tmp_path):
    """Three pictures that are easily told apart."""
    folder = shared_server.home / tmp_path.name / "hills"
    folder.mkdir(parents=True)
    for place, (name, caption) in enumerate(CAPTIONS.items()):
        picture = Image.effect_noise((160, 128), 60).convert("RGB")
        picture.paste(("orange", "skyblue", "navy")[place], (0, 0, 160, 40 + 20 * place))
        picture.save(folder / f"{name}.png")
        (folder / f"{name}.txt").write_text(caption)
    return folder


def open_folder(page, folder):
    go_to(page, "Preprocess Images")
    go_to(page, "Captions")
    fill(page, "captions-folder", folder)
    press(page, "captions-open-button")
    wait_for_pictures(page, "captions-grid", 3)


def choose(page, name):
    page.locator(f"#captions-grid button[title='{name}.png']").click()
    expect(page.locator("#captions-caption textarea")).to_be_editable(timeout=PATIENCE_MS)


def captions(folder):
    return {path.stem: path.read_text().strip() for path in folder.glob("*.txt")}


def test_captions_are_edited_taken_back_saved_and_seen_again(shared_server, window, folder, shoot):
    page = open_page(window, shared_server)
    open_folder(page, folder)
    expect_text(page, "captions-tags", "4 tags|5 tags")
    choose(page, "dusk")
    page.locator("#captions-caption textarea").press_sequentially(", night")
    expect_text(page, "captions-summary", "1 changed, not saved")
    expect_text(page, "captions-tokens", r"\d+ of a prompt's 75 tokens")
    shoot(page, "captions-1-typed")

    press(page, "captions-none-button")
    expect_text(page, "captions-summary", "Changes go to all pictures")
    page.locator("#captions-tags button[data-pick='red']").click()
    expect(page.locator("#captions-text textarea, #captions-text input")).to_have_value("red")
    press(page, "captions-remove-button")
    expect_text(page, "captions-summary", "3 changed, not saved")
    press(page, "captions-undo-button")
    expect_text(page, "captions-summary", "1 changed, not saved")
    press(page, "captions-redo-button")
    expect_text(page, "captions-grid", "hill, sun.*hill, moon, night.*tree")
    assert captions(folder) == CAPTIONS

    page.reload()
    expect_text(page, "captions-summary", "3 changed, not saved")
    assert parse_qs(urlparse(page.url).query) == {
        "tab": ["preprocess"], "part": ["captions"], "dataset": [str(folder)],
    }  # fmt: skip
    assert value_of(page, "captions-folder") == str(folder)
    press(page, "captions-save-button")
    expect_text(page, "captions-summary", "nothing to save")
    assert captions(folder) == {"dawn": "hill, sun", "noon": "tree", "dusk": "hill, moon, night"}
    assert captions(folder / "captions-before") == CAPTIONS
    shoot(page, "captions-2-saved")


def test_a_filter_a_bad_expression_and_a_choice_of_two(shared_server, window, folder):
    page = open_page(window, shared_server)
    open_folder(page, folder)
    page.locator("#captions-show label").filter(has_text="without the tag").click()
    page.locator("#captions-tag input, #captions-tag textarea").press_sequentially("red")
    expect_text(page, "captions-grid", "^[^~]*dusk.png[^~]*$")
    expect_text(page, "captions-summary", "Changes go to the 1 picture shown")
    page.locator("#captions-show label").filter(has_text="all").click()
    wait_for_pictures(page, "captions-grid", 3)
    for name in ("dawn", "noon"):
        page.locator(f"#captions-grid button[title='{name}.png'] + .ti-tick").click()
    expect_text(page, "captions-summary", "Changes go to the 2 chosen pictures")
    fill(page, "captions-text", "(")
    page.locator("#captions-expression input").check()
    press(page, "captions-remove-button")
    toast = page.locator(".toast-body").filter(has_text="is not a regular expression: missing )")
    expect(toast).to_be_visible(timeout=PATIENCE_MS)
    fill(page, "captions-text", "r.d|sun")
    press(page, "captions-remove-button")
    expect_text(page, "captions-summary", "2 changed, not saved")


def test_a_data_set_is_checked_and_its_training_estimated(shared_server, window, folder, shoot):
    (folder / "torn.png").write_bytes(b"no picture")
    page = open_page(window, shared_server)
    go_to(page, "Train")
    fill(page, "train-dataset_dir", folder)
    fill(page, "train-batch_size", 1)
    press(page, "train-check-button")
    expect_text(page, "check-status-line", "Finished: 4 pictures")
    expect_text(page, "check-report", "4, 3 usable.*unreadable.*torn.png.*is no picture")
    press(page, "probe-start-button")
    expect_text(page, "probe-estimate", r"About .* for 500 steps \(.* s each\).*peak memory \d+ MB")
    shoot(page, "check-1-report")


def chosen(page):
    marked = page.locator("#captions-grid [data-pick][aria-pressed=true]")
    return sorted(marked.nth(place).get_attribute("title") for place in range(marked.count()))


def test_pictures_are_chosen_by_shift_and_ctrl_and_open_large(shared_server, window, folder, shoot):
    page = open_page(window, shared_server)
    open_folder(page, folder)
    first, second, third = (
        page.locator("#captions-grid [data-pick]").nth(place) for place in range(3)
    )
    first.click()
    third.click(modifiers=["Shift"])
    expect_text(page, "captions-summary", "Changes go to the 3 chosen pictures")
    second.click(modifiers=["Control"])
    expect_text(page, "captions-summary", "Changes go to the 2 chosen pictures")
    assert chosen(page) == ["dawn.png", "noon.png"]
    third.dblclick()
    large = page.locator("#captions-large dialog")
    expect(large).to_be_visible()
    expect(large.locator("img")).to_have_js_property("naturalWidth", 160)
    shoot(page, "captions-3-large")
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert chosen(page) == ["noon.png"]


def test_captions_are_typed_in_the_grid_and_completed(shared_server, window, folder, shoot):
    page = open_page(window, shared_server)
    open_folder(page, folder)
    cells = page.locator("#captions-grid textarea")
    cells.nth(0).press("End")
    cells.nth(0).press_sequentially(", tr")
    expect(page.locator(".ti-suggestions li")).to_have_text(["tree"])
    shoot(page, "captions-4-suggested")
    page.keyboard.press("Tab")
    expect(cells.nth(0)).to_have_value("red, hill, sun, tree")
    page.keyboard.press("Control+Enter")
    expect(cells.nth(1)).to_be_focused()
    expect_text(page, "captions-summary", "1 changed, not saved")

    choose(page, "dawn")
    caption = page.locator("#captions-caption textarea")
    expect(caption).to_have_value("red, hill, sun, tree")
    caption.press("Control+Enter")
    expect(caption).to_have_value("hill, moon")
    caption.press("Control+Enter")
    expect(caption).to_have_value("red, tree")
    press(page, "captions-save-button")
    expect_text(page, "captions-summary", "nothing to save")
    assert captions(folder) == CAPTIONS | {"dawn": "red, hill, sun, tree"}
