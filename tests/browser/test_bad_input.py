"""What is wrong is said in one sentence, on the page, and as text."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page import PATIENCE_MS, create, expect_text, fill, go_to, open_page, press

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVIL = "<img src=x onerror=document.title='broken-in'>"


@pytest.fixture
def server(shared_server):
    return shared_server


@pytest.fixture
def page(server, window):
    page = open_page(window, server)
    yield page
    assert page.title() == "Textual Inversion"


@pytest.fixture
def glimmer(page, server):
    """The page, with an embedding to train."""
    if not (server.home / "embeddings" / "glimmer.pt").is_file():
        create(page, "glimmer")
    go_to(page, "Train")
    expect(page.locator("#train-embedding input")).to_have_value(re.compile("glimmer"))
    return page


def expect_toast(page, words):
    expect(page.locator(".toast-body").filter(has_text=words)).to_be_visible(timeout=PATIENCE_MS)


@pytest.mark.parametrize("name", ["", "../cat", "dog", EVIL])
def test_a_name_that_will_not_do(page, server, name):
    fill(page, "create-name", name)
    press(page, "create-start-button")
    expect(page.locator(".toast-body")).to_be_visible(timeout=PATIENCE_MS)
    assert {path.stem for path in server.home.rglob("*.pt")} <= {"glimmer"}


def test_a_word_that_the_model_knows_is_warned_of_and_may_be_used(page, server):
    page.wait_for_function("() => window.formsAreRestored", polling=100)
    fill(page, "create-name", "<dog>")
    expect_text(page, "create-name-note", '"dog" is a word that the base model knows already')
    page.locator("#create-force input").check()
    press(page, "create-start-button")
    expect_text(page, "create-result-line", "Created dog")
    expect(page.locator("#create-force input")).not_to_be_checked(timeout=PATIENCE_MS)
    (server.home / "embeddings" / "dog.pt").unlink()


def test_a_learning_rate_is_explained_as_one_types(page):
    go_to(page, "Train")
    fill(page, "train-learning_rate", EVIL)
    expect_text(page, "train-learning_rate-note", "is not a number")
    fill(page, "train-learning_rate", "0.005:100, 0.001:50")
    expect_text(page, "train-learning_rate-note", "runs out at step 150; 0.001 is kept up to")


def test_max_steps_of_zero_do_not_start(glimmer):
    fill(glimmer, "train-max_steps", 0)
    press(glimmer, "train-start-button")
    expect_toast(glimmer, "Max steps must be at least 1")


def test_an_empty_folder_of_pictures_is_said(glimmer, server):
    (server.home / "nothing").mkdir()
    fill(glimmer, "train-dataset_dir", "nothing")
    press(glimmer, "train-start-button")
    expect_text(glimmer, "train-status-line", "Failed: .*nothing")
    expect(glimmer.locator("#train-start-button")).to_be_enabled()


def test_a_folder_without_pictures_is_said_by_preprocessing(page, server):
    (server.home / "texts").mkdir()
    (server.home / "texts" / "a.txt").write_text("no picture")
    go_to(page, "Preprocess Images")
    fill(page, "preprocess-source", "texts")
    press(page, "preprocess-start-button")
    expect_text(page, "preprocess-status-line", "Failed: .*texts")


def test_typed_paths_are_never_served(page, server):
    (server.home / "secret.txt").write_text("secret")
    for path in ("secret.txt", "server.log", "runs"):
        answer = page.request.get(f"{server.url}gradio_api/file={server.home / path}")
        assert answer.status in {403, 404}


def test_another_name_for_this_machine_is_refused(page, server):
    answer = page.request.get(server.url, headers={"Host": "evil.example"})
    assert answer.status == 400


@pytest.mark.parametrize(
    ("control", "value", "words"),
    [
        ("seed", 2**32, "seed must be less than 4294967296"),
        ("seed", -2, "seed must be at least -1"),
        ("width", 63, "width must be a multiple of 8"),
        ("height", 4096, "height must be at most 2048"),
    ],
)
def test_what_cannot_be_drawn_is_said(page, control, value, words):
    go_to(page, "Generate")
    fill(page, "generate-prompt", "a cat")
    fill(page, f"generate-{control}", value)
    press(page, "generate-start-button")
    expect_toast(page, words)


def draw(page, prompt, **values):
    go_to(page, "Generate")
    fill(page, "generate-prompt", prompt)
    for control, value in ({"steps": 1, "width": 64, "height": 64, "seed": 1} | values).items():
        fill(page, f"generate-{control}", value)
    press(page, "generate-start-button")


@pytest.mark.parametrize(
    "prompt",
    [
        "a ((cat [dog",
        "(cat:abc) ]",
        "(cat:1000000)",
        "[cat|] [|] [::]",
        "a \0 cat",
        "cat " * 25_000,
    ],
    ids=["unclosed", "no number", "a million", "empty", "NUL", "100,000 characters"],
)
def test_a_prompt_is_drawn_as_a1111_reads_it_whatever_it_holds(page, prompt):
    draw(page, prompt)
    expect_text(page, "generate-status-line", "Finished: 1 picture")
    expect(page.locator(".toast-body")).to_have_count(0)


def test_weights_beyond_all_numbers_are_said(page):
    draw(page, f"(cat:{'9' * 60})")
    expect_text(page, "generate-status-line", "Failed: No picture came out, .* lower the weights")


def test_what_is_no_picture_is_not_begun_from(page, tmp_path):
    (tmp_path / "none.png").write_text("no picture")
    go_to(page, "Generate")
    page.locator("#generate-read-part button").first.click()
    page.locator("#generate-read-picture input[type=file]").set_input_files(tmp_path / "none.png")
    expect_toast(page, "This picture carries no settings")
