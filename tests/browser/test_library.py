"""The Library tab: a file is dropped in, looked at, renamed, deleted, put back and downloaded."""

import base64
import re
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from playwright.sync_api import expect

from tests.browser.page import PATIENCE_MS, expect_text, fill, go_to, open_page, press
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports import FORMATS, PICTURES

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def embedding(name, width=192, seed=1):
    rows = torch.randn(2, width, generator=torch.Generator().manual_seed(seed)) / 50
    return Embedding(name, (rows,), 500, "pocket")


_FILES = """files => {
    const dragged = new DataTransfer();
    for (const [name, data] of files) {
        const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0));
        dragged.items.add(new File([bytes], name));
    }
    return dragged;
}"""


def drop(page, *paths):
    """Drag files onto the field and let them go there."""
    files = [[path.name, base64.b64encode(path.read_bytes()).decode()] for path in paths]
    dragged = page.evaluate_handle(_FILES, files)
    page.locator("#library-drop button").first.dispatch_event("drop", {"dataTransfer": dragged})


def open_entry(page, name):
    page.locator(".ti-shelf button", has=page.get_by_text(name, exact=True)).click()
    expect(page.locator("#library-details h3")).to_have_text(name, timeout=PATIENCE_MS)


def downloaded(page, form, folder):
    """Download the chosen embedding in a format; give the file, of a folder the one inside."""
    press(page, f"library-download-{form}-button")
    save = page.locator("#library-download-file-button")
    expected = f"-{form}.zip" if "/" in FORMATS[form].file else Path(FORMATS[form].file).suffix
    expect(save).to_have_text(re.compile(re.escape(expected) + "$"), timeout=PATIENCE_MS)
    with page.expect_download() as download:
        save.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    if path.suffix == ".zip":
        shutil.unpack_archive(path, folder)
        (path,) = folder.rglob("learned_embeds.bin")
    return path


@pytest.fixture
def page(server, window):
    return open_page(window, server, "Library")


def test_a_dropped_file_is_inspected_renamed_deleted_and_put_back(page, server, tmp_path, shoot):
    formats.write(embedding("Cat-Toy"), tmp_path / "Cat-Toy.pt")
    drop(page, tmp_path / "Cat-Toy.pt")
    expect(page.locator("#library-details h3")).to_have_text("Cat-Toy", timeout=PATIENCE_MS)
    expect_text(page, "library-details", "2 vectors of 192.*ComfyUI.*Nearest words of pocket")
    shoot(page, "library")
    fill(page, "library-name", "dog toy")
    press(page, "library-rename-button")
    expect(page.locator("#library-details h3")).to_have_text("dog toy", timeout=PATIENCE_MS)
    assert formats.read(server.home / "embeddings" / "dog toy.pt").name == "dog toy"
    press(page, "library-delete-button")
    expect_text(page, "library-list", "No embeddings yet")
    press(page, "library-undo-button")
    expect_text(page, "library-list", "1 of 1 embedding.*dog toy")
    assert (server.home / "embeddings" / "dog toy.pt").is_file()


def test_what_is_dropped_never_overwrites_and_what_is_no_embedding_is_said(page, server, tmp_path):
    formats.write(embedding("Cat-Toy"), server.home / "embeddings" / "cat.pt")
    formats.write(embedding("other", seed=2), tmp_path / "cat.pt")
    (tmp_path / "notes.pt").write_text("no embedding")
    formats.write(embedding("dog", seed=3), tmp_path / "dog.pt")
    drop(page, *(tmp_path / name for name in ("cat.pt", "notes.pt", "dog.pt")))
    expect(page.get_by_text("notes.pt is damaged")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#library-details h3")).to_have_text("dog", timeout=PATIENCE_MS)
    files = (path for path in (server.home / "embeddings").iterdir() if path.is_file())
    assert sorted(path.name for path in files) == ["cat-2.pt", "cat.pt", "dog.pt"]


def test_typing_finds_and_what_does_not_fit_says_why(page, server, shoot):
    for name, width in (("cat", 192), ("catwalk", 768), ("dog", 192)):
        formats.write(embedding(name, width), server.home / "embeddings" / f"{name}.pt")
    expect_text(page, "library-list", "3 of 3 embeddings")
    page.locator("#library-search textarea, #library-search input").first.press_sequentially("CAT")
    expect_text(page, "library-list", "2 of 3 embeddings")
    expect_text(page, "library-list", "token dimension 768, but the current model has .* 192")
    shoot(page, "library-search")
    page.locator("#library-only input").check()
    expect_text(page, "library-list", "1 of 3 embeddings")


def test_the_same_word_of_another_family_stands_beside_it_and_can_be_copied(page, server, shoot):
    folder = server.home / "embeddings"
    formats.write(embedding("cat"), folder / "cat.pt")
    sdxl = Embedding("cat", (torch.ones(1, 768), torch.ones(1, 1280)), 7)
    formats.write(sdxl, folder / "cat.safetensors")
    open_entry(page, "cat")
    expect_text(page, "library-details", "The same word for other models.*cat.safetensors.*SDXL")
    page.locator("#library-details").get_by_role("button", name="cat.safetensors").first.click()
    expect(page.locator("#library-details h3")).to_have_text("cat.safetensors", timeout=PATIENCE_MS)
    copy = page.locator("#library-details").get_by_role("button", name="Copy embeddings/").first
    copy.click()
    expect(page.get_by_text("Copied")).to_be_visible(timeout=PATIENCE_MS)
    shoot(page, "library-same-word")
    press(page, "library-duplicate-button")
    expect(page.locator("#library-details h3")).to_have_text("cat-copy", timeout=PATIENCE_MS)
    assert formats.read(folder / "cat-copy.safetensors").widths == (768, 1280)


def test_an_export_of_what_is_gone_is_refused_in_a_toast(page, server):
    file = server.home / "embeddings" / "cat.pt"
    formats.write(embedding("cat"), file)
    open_entry(page, "cat")
    page.get_by_text("Download the embedding for other programs").last.click()
    file.unlink()
    press(page, "library-download-png-button")
    toast = page.locator(".toast-body").filter(has_text="no embedding called 'cat'")
    expect(toast).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#library-download-file-button")).to_be_hidden()


def test_other_tabs_offer_what_has_come(page, server):
    go_to(page, "Train")
    formats.write(embedding("newcomer"), server.home / "embeddings" / "newcomer.pt")
    chosen = page.locator("#train-embedding input").first
    expect(chosen).to_have_value(re.compile("newcomer"), timeout=PATIENCE_MS)


def test_each_format_is_downloaded_and_diffusers_opens_those_that_it_reads(
    page, server, tmp_path, stacks
):
    written = embedding("Cat-Toy", width=32)
    formats.write(written, server.home / "embeddings" / "Cat-Toy.pt")
    open_entry(page, "Cat-Toy")
    page.get_by_text("Download the embedding for other programs").last.click()
    pipe = StableDiffusionPipeline.from_pretrained(stacks["sd1"])
    for form in FORMATS:
        path = downloaded(page, form, tmp_path / form)
        assert torch.equal(formats.read(path).vectors[0], written.vectors[0])
        if form in PICTURES:
            continue
        pipe.load_textual_inversion(str(path), token=f"<{form}>")
        ids = pipe.tokenizer.convert_tokens_to_ids([f"<{form}>", f"<{form}>_1"])
        rows = pipe.text_encoder.get_input_embeddings().weight[ids]
        assert torch.equal(rows, written.vectors[0]), form


def test_an_idle_page_asks_once_a_second_and_draws_nothing(window, server):
    page = open_page(window, server, "Library")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(30):  # what a page asks for while it opens
        asked.clear()
        page.wait_for_timeout(4000)
        if not any("predict" in address for address in asked):
            break
    assert 1 <= len(asked) <= 5
    assert all("component_server" in address for address in asked)
