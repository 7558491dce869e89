"""Bad input on the Grids tab and in the search for words: one sentence, or A1111's reading."""

import pytest
from playwright.sync_api import expect

from tests import tiny
from tests.browser.page import PATIENCE_MS, expect_text, fill, go_to, open_page, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ODD_PROMPTS = '"a ((cat [dog", "(cat:abc) ]", "(cat:1000000)", "[cat|] [|] [::]"'


@pytest.fixture(scope="module")
def small(shared_server):
    """The server with a small random model, and files that are no pictures."""
    tiny.build(shared_server.home / "models" / "pocket")
    for name in ("texts/a.txt", "broken/a.png", "none.png"):
        path = shared_server.home / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("no picture")
    return shared_server


@pytest.fixture
def page(small, window):
    page = open_page(window, small)
    page.wait_for_function("() => window.formsAreRestored", polling=100)
    yield page
    assert page.title() == "Textual Inversion"
    page.close()


def expect_toast(page, words):
    expect(page.locator(".toast-body").filter(has_text=words)).to_be_visible(timeout=PATIENCE_MS)


def draw_grid(page, **values):
    go_to(page, "Grids")
    usual = {"prompt": "a cat", "columns": "seed", "column_values": "1", "rows": "none"}
    usual["row_values"] = ""
    for control, value in (usual | {"steps": 1} | values).items():
        fill(page, f"grid-{control}", value)
    press(page, "grid-start-button")


def test_odd_prompts_of_a_grid_are_drawn_as_a1111_reads_them(page):
    draw_grid(page, columns="prompt", column_values=ODD_PROMPTS)
    expect_text(page, "grid-status-line", "Finished: 4 pictures")
    draw_grid(page, prompt="a \0 cat " + "cat " * 25_000)
    expect_text(page, "grid-status-line", "Finished: 1 picture")
    expect(page.locator(".toast-body")).to_have_count(0)


NO_GRIDS = [
    ({"column_values": "nine"}, "Columns \\(X\\): 'nine' is not a number"),
    ({"column_values": "1\0"}, "Columns \\(X\\): .* is not a number"),
    ({"column_values": "4294967296"}, "[Ss]eed must be less than 4294967296"),
    ({"column_values": "1-"}, "Columns \\(X\\): '1-' is a range without an end"),
    ({"columns": "stepp"}, "There is no axis 'stepp'"),
    ({"rows": "seed", "row_values": "1"}, "Seed is on two axes"),
    ({"columns": "weight", "column_values": "2"}, "Weight needs an embedding"),
    ({"columns": "step", "column_values": ""}, "compares the snapshots of a run"),
    ({"prompt": ""}, "[Pp]rompt is empty"),
]  # fmt: skip


def test_what_a_grid_cannot_be_made_of_is_said_in_its_status(page):
    for values, words in NO_GRIDS:
        draw_grid(page, **values)
        expect_text(page, "grid-status-line", f"Failed: .*{words}")
        expect(page.locator("#grid-start-button")).to_be_enabled()


def test_a_setting_that_no_cell_can_have_is_said_at_once(page):
    draw_grid(page, seed=2**32)
    expect_toast(page, "seed must be less than 4294967296")
    draw_grid(page, seed=1, width=63)
    expect_toast(page, "width must be a multiple of 8")


def test_a_grid_does_not_begin_from_what_is_no_picture(page):
    go_to(page, "Grids")
    page.locator("#grid-image-to-image-part button").first.click()
    fill(page, "grid-init_image", "none.png")
    draw_grid(page)
    expect_text(page, "grid-status-line", "Failed: .*none.png")


def rank_words(page, **values):
    usual = {
        "folder": "broken",
        "prompt": "a photo of a [name]",
        "words": "cat, dog",
        "draws": 1,
        "most_words": 5,
    }
    for control, value in (usual | values).items():
        fill(page, f"suggest-{control}", value)
    press(page, "suggest-start-button")


NO_WORDS = [
    ({}, "No picture in broken can be used"),
    ({"folder": "texts"}, "Folder texts holds no pictures"),
    ({"folder": "no\0where"}, "no.*where"),
    ({"prompt": "a cat"}, "'a cat' has no \\[name\\]"),
    ({"words": ", ,"}, "holds only commas"),
    ({"prompt": "cat " * 25_000 + "[name]"}, "takes more than 75 tokens"),
]


def test_words_that_cannot_be_ranked_are_said_in_the_status(page):
    page.locator("#suggest-part button").first.click()
    for values, words in NO_WORDS:
        rank_words(page, **values)
        expect_text(page, "suggest-status-line", f"Failed: .*{words}")
        expect(page.locator("#suggest-start-button")).to_be_enabled()


def test_a_setting_of_the_search_is_said_at_once(page):
    page.locator("#suggest-part button").first.click()
    for control, value, words in [
        ("draws", 0, "draws must be at least 1"),
        ("most_words", 0, "to try must be at least 1"),
        ("folder", "", "Pictures is missing"),
    ]:
        rank_words(page, **{control: value})
        expect_toast(page, words)
