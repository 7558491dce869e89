"""Downloads for other programs: what the page offers is what was exported."""

import zipfile

import gradio as gr
import pytest
import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.errors import EmbeddingError
from webui.tabs import export


@pytest.fixture
def cat(home, monkeypatch):
    (home / "served").mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / "served"))
    rows = torch.randn(2, 768, generator=torch.Generator().manual_seed(1))
    embedding = Embedding("Cat", (rows,), 5)
    formats.write(embedding, home / "embeddings" / "Cat.pt")
    return embedding


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_offered_from_the_folder_that_is_served(cat, home, form):
    path = export.write_download("Cat", form)
    assert path.is_relative_to(home / "served")
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as file:
            file.extractall(home / "unpacked")
        path = home / "unpacked" / "Cat" / "learned_embeds.bin"
    assert torch.equal(formats.read(path).vectors[0], cat.vectors[0])


@pytest.mark.slow
def test_there_is_a_button_for_each_format():
    with gr.Blocks() as page:
        export.draw(gr.Textbox())
    buttons = [block.value for block in page.blocks.values() if type(block) is gr.Button]
    assert buttons == list(FORMATS)


def test_nothing_chosen_is_said(cat):
    with pytest.raises(EmbeddingError, match="no embedding called ''"):
        export.write_download("", "a1111")


def test_what_is_refused_is_a_toast_and_the_older_file_is_offered_no_more(cat):
    with pytest.warns(UserWarning, match="no embedding called"):
        button = export._exporter("png")("gone")
    assert not button.visible


@pytest.mark.slow
def test_the_buttons_are_queued_without_which_no_toast_comes():
    with gr.Blocks() as page:
        export.draw(gr.Textbox())
    assert {event.queue for event in page.fns.values()} == {True}
