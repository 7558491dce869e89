"""How every tab behaves: mistakes at their fields, the keyboard, the address, what axe finds."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.page import (
    PATIENCE_MS,
    create,
    fill,
    go_to,
    open_page,
    press,
    set_up_training,
    value_of,
    wait_for_step,
)
from tests.browser.test_staying_alive import TABS

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_mistake_stands_at_its_field_takes_success_away_and_leads_there(shared_server, window):
    page = open_page(window, shared_server)
    create(page, "glimmer")
    fill(page, "create-name", "a/b")
    page.locator("#create-start-button").focus()
    page.keyboard.press("Control+Enter")
    said = page.locator("#create-name .ti-field-mistake")
    expect(said).to_contain_text("use letters, digits", timeout=PATIENCE_MS)
    expect(page.locator("#create-name :focus")).to_have_attribute("aria-invalid", "true")
    described = page.locator("#create-name :focus").get_attribute("aria-describedby")
    assert described == "create-name-mistake create-name-help"
    expect(page.locator("#create-result-line")).not_to_contain_text("Created")
    page.keyboard.type("c")
    expect(said).to_have_count(0)
    go_to(page, "Train")
    folded = page.locator("#train-optimization-part button.label-wrap").first
    folded.click()
    fill(page, "train-min_timestep", -3)
    folded.click()
    press(page, "train-start-button")
    page.get_by_role("button", name="Show the field").last.click()
    expect(page.locator("#train-min_timestep input")).to_be_focused(timeout=PATIENCE_MS)
    expect(page.locator("#train-min_timestep")).to_contain_text("From timestep must be at least 0")


def test_the_address_names_the_tab_and_a_press_without_a_server_is_answered(server, window):
    page = open_page(window, server, "Grids")
    expect(page).to_have_url(re.compile(r"tab=grids"))
    page.reload()
    expect(page.get_by_role("tab", name="Grids", exact=True)).to_have_attribute(
        "aria-selected", "true", timeout=PATIENCE_MS
    )
    server.end()
    press(page, "grid-start-button")
    notice = page.get_by_role("alert").filter(has_text="cannot reach its server")
    expect(notice).to_be_visible()
    server.start()
    expect(notice).to_have_count(0, timeout=PATIENCE_MS)
    expect(page.get_by_role("tab", name="Grids", exact=True)).to_have_attribute(
        "aria-selected", "true", timeout=PATIENCE_MS
    )


_OBSERVE = """() => {
  window.shifted = 0;
  new PerformanceObserver(list => {
    for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
  }).observe({type: 'layout-shift'});
}"""


def test_little_moves_while_a_run_is_watched_and_the_prompt_takes_what_was_made(server, window):
    page = open_page(window, server)
    for name in ("glimmer", "spark"):
        create(page, name)
    go_to(page, "Generate")
    expect(page.locator("#generate-prompt textarea")).to_have_value("a photo of <spark>")
    set_up_training(page, max_steps=100_000, save_image_every=10)
    assert "spark" in value_of(page, "train-embedding")
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(_OBSERVE)
    press(page, "train-start-button")
    wait_for_step(page, 13)
    shifted = page.evaluate("window.shifted")
    edges = "table => [table, table.tHead].map(it => getComputedStyle(it).borderTopWidth)"
    assert page.locator("#train-vectors table").evaluate(edges) == ["0px", "0px"]
    press(page, "train-stop-button")
    assert shifted < 0.02


def faults(page, tab):
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    return [(tab, one["id"], node["html"][:200]) for one in grave for node in one["nodes"]]


def unfold_all(page):
    for fold in page.locator(".tabitem:visible button.label-wrap:not(.open)").all():
        if fold.is_visible():
            fold.click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave_on_any_tab(chromium, shared_server, scheme):
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(PATIENCE_MS)
    page, found = open_page(context, shared_server), []
    for tab in TABS:
        go_to(page, tab)
        for part in ["Prepare", "Captions", "Check"] if tab == "Preprocess Images" else [""]:
            if part:
                go_to(page, part)
            page.wait_for_timeout(800)
            unfold_all(page)
            page.wait_for_timeout(500)
            found += faults(page, tab)
    context.close()
    assert found == []
