"""The Train tab's form: search, marks at what was changed, the way back, and presets."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.page import PATIENCE_MS, cut_off, fill, go_to, open_page, reload, value_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def choose_preset(page, name):
    page.locator("#train-preset input").click()
    page.get_by_role("option", name=name, exact=True).click()


def mark(page, path):
    return page.locator(f"#train-{path} > .ti-reset")


def expect_value(page, path, value):
    field = page.locator(f"#train-{path} textarea, #train-{path} input").first
    expect(field).to_have_value(value, timeout=PATIENCE_MS)


def dots_at(page, group):
    script = "head => getComputedStyle(head, '::after').content"
    return page.locator(f"#train-{group}-part > button > span").first.evaluate(script)


def look_for_fields(page, bar):
    search = bar.get_by_role("searchbox")
    search.press_sequentially("likeness obeys")
    expect(page.locator("#train-kappa")).to_be_visible()
    expect(page.locator("#train-max_steps")).to_be_hidden()
    expect(page.locator("#train-previews-and-saving-part")).to_be_hidden()
    expect(bar).to_contain_text("1 of ")
    search.press("Escape")
    expect(page.locator("#train-kappa")).to_be_hidden()
    expect(page.locator("#train-max_steps")).to_be_visible()


def change_and_put_back(page, bar):
    fill(page, "train-max_steps", 77)
    expect(mark(page, "max_steps")).to_have_text("reset to 500")
    bar.get_by_label("Only changed").check()
    expect(page.locator("#train-learning_rate")).to_be_hidden()
    bar.get_by_label("Only changed").uncheck()
    mark(page, "max_steps").click()
    expect_value(page, "max_steps", "500")
    expect(mark(page, "max_steps")).to_have_count(0)


def go_from_preset_to_preset(page, bar):
    choose_preset(page, "a1111")
    expect_value(page, "max_steps", "100000")
    expect(mark(page, "batch_size")).to_have_text("by a1111; reset to 4")
    assert dots_at(page, "pictures-and-captions") == '" ●\xa04"'
    fill(page, "train-batch_size", 2)
    expect(mark(page, "batch_size")).to_have_text("reset to 1 (a1111)")
    choose_preset(page, "quick")
    expect_value(page, "learning_rate", "auto")
    assert (value_of(page, "train-max_steps"), value_of(page, "train-batch_size")) == ("100", "2")
    bar.get_by_role("button", name="Undo").click()
    expect_value(page, "max_steps", "100000")
    expect_value(page, "preset", "a1111")
    choose_preset(page, "quick")
    expect_value(page, "max_steps", "100")


def keep_and_carry(page, server, tmp_path):
    row = page.locator("#train-preset-row")
    row.get_by_role("button", name="Save as a preset").click()
    row.get_by_role("textbox").fill("mine")
    row.get_by_role("button", name="Save", exact=True).click()
    expect(row).to_contain_text("Kept as mine", timeout=PATIENCE_MS)
    expect_value(page, "preset", "mine")
    kept = json.loads((server.home / "presets" / "mine.json").read_text())
    assert (kept["max_steps"], kept["batch_size"], "dataset_dir" in kept) == (100, 2, False)
    with page.expect_download() as download:
        row.get_by_role("button", name="Download").click()
    assert json.loads(download.value.path().read_text()) == kept
    (tmp_path / "theirs.json").write_text('{"max_steps": "many"}')
    row.locator("[type=file]").set_input_files(tmp_path / "theirs.json")
    expect(row).to_contain_text(
        'theirs is no preset: "Max steps" must be a whole number', timeout=PATIENCE_MS
    )


def test_settings_are_found_marked_put_back_and_kept(server, window, shoot, tmp_path):
    page = open_page(window, server, "Train")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_function("() => window.formsAreRestored && window.trainForm")
    bar = page.locator("#train-find")
    look_for_fields(page, bar)
    change_and_put_back(page, bar)
    go_from_preset_to_preset(page, bar)
    keep_and_carry(page, server, tmp_path)
    shoot(page, "train-form")
    page.set_viewport_size({"width": 390, "height": 844})
    reload(page, "Train")
    expect_value(page, "preset", "mine")
    expect(mark(page, "batch_size")).to_have_text("by mine; reset to 4")
    assert cut_off(page) == []
    shoot(page, "train-form-390")
    go_to(page, "Start")
