"""A newcomer comes from a fresh page to a picture of an embedding of their own, by clicks alone."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests import tiny
from tests.browser.page import (
    PATIENCE_MS,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
    value_of,
    wait_for_pictures,
    wait_until_drawn,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
_COUNT = """
window.pressed = 0;
addEventListener('pointerdown', event => { if (event.isTrusted) window.pressed += 1; }, true);
"""
_TALL = {"width": 390, "height": 844}
_WIDE = {"width": 1440, "height": 900}


@pytest.fixture
def small(server):
    """The server with a small random model in place of the one that ships with the project."""
    tiny.build(server.home / "models" / "pocket")
    return server


@pytest.fixture
def photos(tmp_path):
    """Three photographs of a camera's shape, of more than 1 MB."""
    paths = [tmp_path / f"photo{number}.jpg" for number in range(3)]
    for number, path in enumerate(paths):
        Image.effect_noise((2400, 1600 + 200 * number), 90).save(path, quality=95)
    return paths


def add_pictures(page, photos):
    with page.expect_file_chooser() as choosing:
        page.get_by_role("button", name="Choose files").first.click()
    choosing.value.set_files(photos)
    shown = page.locator("#start-pictures .ti-cropped img")
    expect(shown).to_have_count(len(photos), timeout=PATIENCE_MS)


def train(page, name):
    page.locator("#start-name textarea, #start-name input").first.click()
    page.keyboard.type(name)
    page.locator("#start-effort label", has_text="quick").click()
    press(page, "start-train-button")


@pytest.mark.parametrize(("view", "scheme"), [(_WIDE, "light"), (_TALL, "dark")])
def test_from_a_fresh_page_to_a_picture(small, chromium, photos, shoot, view, scheme):
    window = chromium.new_context(viewport=view, color_scheme=scheme)
    window.set_default_timeout(PATIENCE_MS)
    page, kind = window.new_page(), f"start-{scheme}-{view['width']}"
    page.add_init_script(_COUNT)
    page.goto(small.url)
    wait_until_drawn(page)
    expect(page.locator(".ti-samples img")).to_have_count(2, timeout=PATIENCE_MS)
    shoot(page, f"{kind}-1-fresh")
    add_pictures(page, photos)
    train(page, "my-cat")
    wait_for_pictures(page, "start-previews", 3)
    shoot(page, f"{kind}-2-training")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#generate-prompt textarea")).to_have_value(
        "a photo of <my-cat>", timeout=PATIENCE_MS
    )
    press(page, "generate-start-button")
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    wait_for_pictures(page, "generate-picture-gallery", 1)
    assert page.evaluate("window.pressed") <= 7
    go_to(page, "Start")
    shoot(page, f"{kind}-3-end")
    assert page.evaluate("document.documentElement.scrollWidth") <= view["width"]
    window.close()


def test_what_is_taught_is_in_the_prompt_unless_somebody_wrote_one(small, window, photos):
    page = open_page(window, small, "Start")
    add_pictures(page, photos)
    page.locator("#start-kind label", has_text="style").click()
    train(page, "my-cat")
    prompt = page.locator("#generate-prompt textarea")
    for _ in range(2):
        go_to(page, "Generate")
        expect(prompt).to_have_value("a house in <my-cat> style", timeout=PATIENCE_MS)
        go_to(page, "Train")
    go_to(page, "Generate")
    prompt.fill("my own words")
    go_to(page, "Start")
    expect(page.locator("#start-card")).to_contain_text("my-cat", timeout=PATIENCE_MS)
    train(page, "-2")
    go_to(page, "Generate")
    expect(page.locator("#train-embedding input")).to_have_value(re.compile("my-cat-2"))
    expect(prompt).to_have_value("my own words")


def test_the_other_tabs_show_what_it_did_and_the_card_leads_on(small, window, photos, shoot):
    page = open_page(window, small, "Start")
    add_pictures(page, photos)
    train(page, "my-cat")
    card = page.locator("#start-card")
    expect(card).to_contain_text("my-cat has learned for 100 steps", timeout=PATIENCE_MS)
    expect(page.locator("#start-times")).to_contain_text(
        "By the steps of my-cat", timeout=PATIENCE_MS
    )
    with page.expect_download() as downloading:
        card.get_by_role("button", name="Download as safetensors").click()
    assert downloading.value.suggested_filename == "my-cat.safetensors"
    go_to(page, "Create Embedding")
    assert value_of(page, "create-name") == "my-cat"
    assert value_of(page, "create-initialization_text") == "toy"
    go_to(page, "Preprocess Images")
    assert value_of(page, "preprocess-source") == "datasets/pictures"
    expect_text(page, "preprocess-status-line", "Finished: 3 pictures")
    go_to(page, "Train")
    assert value_of(page, "train-dataset_dir") == "prepared/pictures"
    assert value_of(page, "train-max_steps") == "100"
    go_to(page, "Start")
    card.get_by_role("button", name="Train longer (50 steps more)").click()
    expect(card).to_contain_text("my-cat has learned for 150 steps", timeout=PATIENCE_MS)
    card.get_by_role("button", name="Compare steps").click()
    expect_text(page, "grid-status-line", "Finished")
    expect(page.locator("#grid-sheet .ti-look img")).to_have_count(8, timeout=PATIENCE_MS)
    assert value_of(page, "grid-columns") == "step"
    shoot(page, "start-compare")


def test_what_is_wrong_is_said_beside_its_field(small, window, photos, shoot):
    page = open_page(window, small, "Start")
    press(page, "start-train-button")
    expect_text(page, "start-folder-note", "There are no pictures yet: drop some here")
    expect_text(page, "start-name-note", "The embedding needs a name")
    shoot(page, "start-wrong")
    page.get_by_role("button", name="dolphin").click()
    expect(page.locator("#start-pictures .ti-cropped")).to_have_count(5, timeout=PATIENCE_MS)
    expect(page.locator("#start-folder-note")).to_have_text("", timeout=PATIENCE_MS)
    fill(page, "start-name", "a/b")
    expect_text(page, "start-name-note", "contains '/'")
    fill(page, "start-name", "")
    expect(page.locator("#start-name-note")).to_have_text("", timeout=PATIENCE_MS)
    fill(page, "start-name", "my-dolphin")
    expect(page.locator("#start-name-note")).to_have_text("", timeout=PATIENCE_MS)
    assert not list((small.home / "embeddings").glob("*.pt"))


def test_a_picture_is_taken_out_and_put_back(small, window, photos):
    page = open_page(window, small, "Start")
    add_pictures(page, photos)
    shown = page.locator("#start-pictures .ti-cropped")
    page.get_by_role("button", name="Take out photo1.jpg").click()
    expect(shown).to_have_count(2, timeout=PATIENCE_MS)
    page.get_by_role("button", name="Put the last one back").click()
    expect(shown).to_have_count(3, timeout=PATIENCE_MS)
    page.get_by_role("button", name="mammoth").click()
    expect(shown).to_have_count(5, timeout=PATIENCE_MS)
    page.get_by_role("button", name="Take out 3d.png").click()
    expect(shown).to_have_count(4, timeout=PATIENCE_MS)
    expect(page.locator("#start-pictures")).to_contain_text("4 pictures of datasets/mammoth")
    expect(page.locator("#start-pictures")).to_contain_text("That folder is only read")
    assert len(list((small.home / "datasets" / "mammoth").glob("*.txt"))) == 4


def test_the_kind_brings_its_words_and_keeps_a_word_of_ones_own(small, window):
    page = open_page(window, small, "Start")
    word = page.locator("#start-initialization_text input")
    expect(word).to_have_value("toy", timeout=PATIENCE_MS)
    page.locator("#start-kind label", has_text="person").click()
    expect(word).to_have_value("person", timeout=PATIENCE_MS)
    word.fill("old man")
    word.press("Enter")
    page.locator("#start-kind label", has_text="style").click()
    page.wait_for_timeout(1500)
    expect(word).to_have_value("old man", timeout=PATIENCE_MS)


def test_the_time_is_told_after_five_steps_were_tried(small, window):
    page = open_page(window, small, "Start")
    press(page, "start-measure-button")
    expect_text(page, "start-trial", "There are no pictures yet")
    page.get_by_role("button", name="mammoth").click()
    expect(page.locator("#start-pictures .ti-cropped")).to_have_count(5, timeout=PATIENCE_MS)
    press(page, "start-measure-button")
    expect_text(page, "start-times", re.escape("By five steps tried on this machine."))
    expect(page.locator("#start-times")).to_contain_text("1000 steps, about", timeout=PATIENCE_MS)
