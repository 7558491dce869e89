"""What a user does on the page, in a user's words."""

import re

from playwright.sync_api import Error, expect

PATIENCE_MS = 120_000
POLLING_MS = 500  # the default looks at every frame, which costs more than the page


def wait_until_drawn(page):
    """Wait for the tab that a page begins with; the address may already have led to another."""
    page.wait_for_selector("#start-name", state="attached")


def open_page(window, server, tab="Create Embedding"):
    page = window.new_page()
    page.goto(server.url)
    wait_until_drawn(page)
    go_to(page, tab)
    return page


def reload(page, tab):
    page.reload()
    wait_until_drawn(page)
    go_to(page, tab)


def come_back(page, server, tab):
    """Open the page of a server that was started again; the page may be reloading by itself."""
    try:
        page.goto(server.url)
    except Error as error:
        own = ("interrupted by another navigation", "net::ERR_ABORTED")
        if not any(words in str(error) for words in own):
            raise
    wait_until_drawn(page)
    go_to(page, tab)


def go_to(page, tab):
    page.get_by_role("tab", name=tab, exact=True).click()


def fill(page, control, value):
    field = page.locator(f"#{control} textarea, #{control} input").first
    field.fill(str(value))
    field.blur()


def value_of(page, control):
    return page.locator(f"#{control} textarea, #{control} input").first.input_value()


def press(page, button):
    page.locator(f"#{button}:not([disabled])").click()


def expect_text(page, element, pattern):
    expect(page.locator(f"#{element}")).to_have_text(
        re.compile(pattern, re.DOTALL), timeout=PATIENCE_MS
    )


def step_of(page):
    """The step that the status sentence tells."""
    expect_text(page, "train-status-line", r"step \d+ of|Step \d+ of|Finished: \d+")
    return int(re.search(r"(?:[Ss]tep|Finished:) (\d+)", page.inner_text("#train-status-line"))[1])


def wait_for_step(page, step):
    page.wait_for_function(
        """step => {
            const said = document.querySelector('#train-status-line').innerText;
            const found = said.match(/[Ss]tep (\\d+) of/);
            return found && Number(found[1]) >= step;
        }""",
        arg=step,
        polling=POLLING_MS,
    )


def pictures_shown(page, gallery):
    """How many thumbnails have really loaded."""
    return page.evaluate(
        """id => [...document.querySelectorAll('#' + id + ' img')]
            .filter(img => img.complete && img.naturalWidth > 0).length""",
        gallery,
    )


def wait_for_pictures(page, gallery, count):
    page.locator(f"#{gallery}").scroll_into_view_if_needed()
    page.wait_for_function(
        """([id, count]) => [...document.querySelectorAll('#' + id + ' img')]
            .filter(img => img.complete && img.naturalWidth > 0).length >= count""",
        arg=[gallery, count],
        polling=POLLING_MS,
    )


def create(page, name, words="elephant"):
    fill(page, "create-name", name)
    fill(page, "create-initialization_text", words)
    press(page, "create-start-button")
    expect_text(page, "create-result-line", f"Created {name}")


def set_up_training(page, *, max_steps, save_image_every=5):
    go_to(page, "Train")
    expect(page.locator("#train-embedding input")).not_to_have_value("", timeout=PATIENCE_MS)
    fill(page, "train-max_steps", max_steps)
    fill(page, "train-batch_size", 1)
    page.locator("#train-previews-and-saving-part button").first.click()
    fill(page, "train-save_image_every", save_image_every)
    fill(page, "train-preview_steps", 4)


def cut_off(page):
    """List texts that reach out of the window or of a box that cannot be scrolled to them."""
    return page.evaluate(
        """() => [...document.querySelectorAll('[role=tabpanel] *')].filter(element => {
            const own = [...element.childNodes].some(
                node => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
            const {right, width, height} = element.getBoundingClientRect();
            if (!own || !element.checkVisibility() || width < 2 || height < 2) return false;
            for (let box = element; box; box = box.parentElement) {
                const {overflowX, textOverflow} = getComputedStyle(box);
                if (['auto', 'scroll'].includes(overflowX) || textOverflow === 'ellipsis')
                    return false;
                if (overflowX !== 'visible' && right > box.getBoundingClientRect().right + 1)
                    return true;
            }
            return right > innerWidth + 1;
        }).map(element => element.textContent.trim().slice(0, 60))"""
    )
