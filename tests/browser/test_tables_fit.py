"""On a phone and on a wide screen everything of the tables can be read, light and dark."""

import pytest
import torch

from tests import tiny
from tests.browser.page import (
    PATIENCE_MS,
    cut_off,
    expect_text,
    fill,
    go_to,
    open_page,
    press,
)
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SCROLLED = "[...document.querySelectorAll('#library-details .ti-wide')].filter(\
    box => box.scrollWidth > box.clientWidth).length"
LONG = "a-word-of-an-artist-with-a-very-long-name-in-the-manner-of-1890"


@pytest.fixture(scope="module")
def server(shared_server):
    folder = shared_server.home / "embeddings"
    for name, width in (("cat", 192), (LONG, 192), ("catwalk", 768)):
        formats.write(
            Embedding(name, (torch.ones(2, width) / 50,), 500, "pocket"), folder / f"{name}.pt"
        )
    (folder / "broken-file.pt").write_bytes(b"nothing")
    models = shared_server.home / "models"
    tiny.build(models / LONG)
    (models / "broken.safetensors").write_bytes(b"nothing")
    return shared_server


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_the_tables_is_cut_off(server, chromium, shoot, width, scheme):
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = open_page(context, server, "Library")
    page.locator(".ti-shelf button", has=page.get_by_text("cat", exact=True)).click()
    expect_text(page, "library-details", "ComfyUI.*Nearest words")
    if width > 1000:
        assert page.evaluate(SCROLLED) == 0
    shoot(page, f"library-{scheme}-{width}")
    found = {"Library": cut_off(page)}
    go_to(page, "Base Models")
    expect_text(page, "models-table", "broken.safetensors")
    problem, plain = (
        page.locator(f"#models-table {cell}").first.evaluate("cell => getComputedStyle(cell).color")
        for cell in ("td.ti-problem", "td:not(.ti-problem)")
    )
    assert problem != plain
    press(page, "models-hash-button")
    expect_text(page, "models-table", r"[0-9a-f]{10}")
    page.wait_for_timeout(500)
    shoot(page, f"base-models-{scheme}-{width}")
    found["Base Models"] = cut_off(page)
    go_to(page, "Workshop")
    fill(page, "workshop-sources", f"cat, {LONG}")
    fill(page, "workshop-name", "mixed")
    page.wait_for_timeout(2000)
    shoot(page, f"workshop-{scheme}-{width}")
    found["Workshop"] = cut_off(page)
    context.close()
    assert found == {"Library": [], "Base Models": [], "Workshop": []}
