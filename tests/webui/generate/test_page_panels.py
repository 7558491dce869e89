"""What of the Generate tab depends on who may see the page, or on the files there are."""

import gradio as gr
import pytest
import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.jobs.runner import Runner
from webui.generate import completion
from webui.page import build


@pytest.mark.slow
@pytest.mark.parametrize("is_local", [True, False])
def test_folders_are_opened_only_for_those_at_this_machine(is_local):
    page = build(Runner(), is_local=is_local)
    ids = {block.elem_id: block for block in page.blocks.values()}
    assert ids["generate-open-folder-button"].visible is is_local


@pytest.mark.slow
def test_new_embeddings_are_offered_and_broken_ones_are_not(home):
    with gr.Blocks():
        part = completion.names_part()
    before = part.state_key()
    formats.write(Embedding("glimmer", (torch.ones(2, 32),)), home / "embeddings" / "glimmer.pt")
    (home / "embeddings" / "bad.pt").write_bytes(b"bad")
    assert part.state_key() != before
    assert 'data-name="glimmer" data-vectors="2"' in part.draw()
    assert "bad" not in part.draw()


@pytest.mark.slow
def test_without_a_folder_nothing_is_offered(home, monkeypatch):
    monkeypatch.setenv("TI_HOME", str(home))
    (home / "embeddings").rmdir()
    with gr.Blocks():
        part = completion.names_part()
    assert part.state_key() == 0
    assert "data-name" not in part.draw()
