"""The panel shows what it will upload, and uploads that."""

import gradio as gr
import pytest
import torch

from tests.hubserver import TOKEN
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.sharing import publish as sharing
from webui.tabs import publish


@pytest.fixture
def dog(hub, home, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    formats.write(Embedding("dog", (torch.ones(1, 768),)), home / "embeddings" / "dog.pt")


def press(name, *values):
    """Call the handler of a button of the drawn panel."""
    with gr.Blocks() as page:
        publish.draw(gr.Textbox())
    (button,) = (b for b in page.blocks.values() if b.elem_id == f"train-publish-{name}-button")
    event = next(e for e in page.fns.values() if (button._id, "click") in e.targets)
    return event.fn(*values)


@pytest.mark.slow
def test_it_is_shown_first_and_private(dog, hub):
    key, summary, button = press("show", "dog", "my-dog", publish._FROM_FAMILY, False)
    assert "A new repository: mia/my-dog (private)." in summary
    assert "License creativeml-openrail-m" in summary
    assert (button.visible, hub.repositories) == (True, {})
    nothing, done, button = press("upload", key)
    assert f'Uploaded to <a href="{hub.url}/mia/my-dog"' in done
    assert (nothing, button.visible, hub.repositories["mia/my-dog"].private) == ("", False, True)


@pytest.mark.slow
def test_a_refusal_is_one_sentence_and_holds_no_token(dog, hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    nothing, told, button = press("show", "dog", "my-dog", "mit", False)
    assert (nothing, button.visible) == ("", False)
    assert "does not know your token (status 401)" in told
    assert "hf_wrong" not in told
    assert "no embedding called" in press("show", None, "my-dog", None, False)[1]


@pytest.mark.slow
def test_what_was_not_shown_is_not_uploaded(dog, hub):
    assert "is not kept any more" in press("upload", "a guess")[1]
    assert hub.repositories == {}


@pytest.mark.slow
def test_few_uploads_are_kept_until_they_are_agreed_to(dog, hub):
    keys = [press("show", "dog", "my-dog", "mit", False)[0] for _ in range(10)]
    assert list(publish._prepared) == keys[-8:]


def test_the_licenses_are_those_of_the_core():
    assert publish._LICENSES[1:] == sharing.LICENSES
