"""What is typed or chosen counts more than an answer of the server that comes after it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    create,
    expect_text,
    fill,
    go_to,
    open_page,
    reload,
    value_of,
    wait_until_drawn,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EVENTS = re.compile(r"/gradio_api/")


class SlowServer:
    """Holds back what a page asks of the server, until it is let go."""

    def __init__(self, page):
        self.page, self.held, self.is_slow = page, [], True
        page.route(EVENTS, self._hold)

    def _hold(self, route):
        if self.is_slow and route.request.method == "POST":
            self.held.append(route)
        else:
            route.continue_()

    def let_go(self):
        self.is_slow = False
        assert self.held
        for route in self.held:
            route.continue_()
        self.page.wait_for_load_state("networkidle")


@pytest.fixture(scope="module")
def glimmer(shared_server, chromium):
    """A server with two embeddings, of which the newest is offered first."""
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, shared_server)
    create(page, "glimmer")
    create(page, "spark")
    context.close()
    return shared_server


def test_what_is_typed_while_the_page_opens_stays_and_the_rest_comes_back(glimmer, window):
    page = open_page(window, glimmer)
    page.wait_for_function("() => window.formsAreRestored", polling=100)
    fill(page, "create-name", "kept")
    fill(page, "create-initialization_text", "a red ball")
    expect_text(page, "create-initialization_text-note", "red")
    slow = SlowServer(page)
    reload(page, "Create Embedding")
    fill(page, "create-name", "dog")
    slow.let_go()
    expect(page.locator("#create-initialization_text textarea")).to_have_value("a red ball")
    expect_text(page, "create-name-note", '"dog" is a word that the base model knows')
    assert value_of(page, "create-name") == "dog"
    reload(page, "Create Embedding")
    expect(page.locator("#create-name textarea, #create-name input")).to_have_value("dog")


def test_an_embedding_chosen_while_the_list_is_read_stays(glimmer, window):
    page = open_page(window, glimmer, "Train")
    chosen = page.locator("#train-embedding input")
    expect(chosen).to_have_value(re.compile("spark"), timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle")
    slow = SlowServer(page)
    go_to(page, "Generate")
    go_to(page, "Train")
    chosen.click()
    page.get_by_role("option", name="glimmer").click()
    slow.let_go()
    page.wait_for_timeout(500)
    expect(chosen).to_have_value(re.compile("glimmer"))


def test_a_prompt_typed_after_an_embedding_was_put_in_stays(glimmer, window):
    page = open_page(window, glimmer, "Generate")
    prompt = page.locator("#generate-prompt textarea")
    expect(prompt).to_have_value("a photo of <spark>", timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle")
    slow = SlowServer(page)
    page.locator("#generate-insert-word input").click()
    page.get_by_role("option", name="glimmer").click()
    expect(prompt).to_have_value("a photo of <spark> <glimmer>")
    prompt.press_sequentially(" at night")
    slow.let_go()
    page.wait_for_timeout(500)
    assert prompt.input_value() == "a photo of <spark> <glimmer> at night"


def test_the_base_model_chosen_while_the_page_opens_stays(glimmer, window):
    page = open_page(window, glimmer)
    page.wait_for_function("() => window.formsAreRestored", polling=100)
    slow = SlowServer(page)
    page.reload()
    wait_until_drawn(page)
    fill(page, "base-model", "elsewhere")
    page.locator("#base-model input").first.press("Enter")
    slow.let_go()
    expect_text(page, "base-model-note", 'There is no base model "elsewhere"')
    assert value_of(page, "base-model") == "elsewhere"


_TYPE_AT_ONCE = """([opener, field, value]) => {
  new MutationObserver((_, watch) => {
    const found = document.querySelector(field);
    if (!found) return;
    watch.disconnect();
    found.value = value;
    found.dispatchEvent(new Event('input', {bubbles: true}));
  }).observe(document.body, {childList: true, subtree: true});
  document.querySelector(opener).click();
}"""


def test_what_is_typed_while_a_part_unfolds_stays(glimmer, window):
    page = open_page(window, glimmer, "Train")
    page.wait_for_selector("#train-run-and-machine-part button")
    page.wait_for_load_state("networkidle")
    wanted = ["#train-run-and-machine-part button", "#train-evaluate_every input", "5"]
    page.evaluate(_TYPE_AT_ONCE, wanted)
    page.wait_for_timeout(2500)
    assert value_of(page, "train-evaluate_every") == "5"
    page.reload()
    go_to(page, "Train")
    page.locator(wanted[0]).click()
    expect(page.locator(wanted[1])).to_have_value("5", timeout=PATIENCE_MS)
