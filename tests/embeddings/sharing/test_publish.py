"""An embedding of the library becomes a repository: private, asked first, with a card."""

import io
import json

import pytest
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.hubserver import READ_ONLY, TOKEN
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.sharing.fetch import fetch_concept
from textual_inversion.embeddings.sharing.publish import Choices, prepare, publish
from textual_inversion.errors import HubError, SettingsError
from textual_inversion.events import Started, Stepped, to_dict


def rows(n=1, width=768):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def library(hub, home, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    formats.write(
        Embedding("Cat", (rows(2),), 5, base_model="owner/model"), home / "embeddings/Cat.pt"
    )
    formats.write(Embedding("xl", (rows(1), rows(1, 1280)), 5), home / "embeddings/xl.safetensors")
    return Library(home / "embeddings")


@pytest.fixture
def previews(home):
    """A run that trained Cat as far as it is, with two previews."""
    folder = home / "runs" / "2026-01-01" / "00-00-00-Cat"
    (folder / "images").mkdir(parents=True)
    settings = {"embedding": "Cat", "dataset_dir": "/home/mia/secret", "template": "style.txt"}
    (folder / "settings.json").write_text(json.dumps(settings))
    events = [Started("Cat", 0, 5), Stepped(5, 5, 0.1, 0.1, 1.0)]
    lines = [json.dumps(to_dict(event)) + "\n" for event in events]
    (folder / "events.jsonl").write_text("".join(lines))
    notes = PngInfo()
    notes.add_text("parameters", "a secret prompt")
    for name in ("Cat-3.png", "Cat-5.png"):
        Image.new("RGB", (64, 64), "red").save(folder / "images" / name, pnginfo=notes)


@pytest.mark.slow
def test_a_repository_is_private_and_has_a_card_and_files_for_all_programs(hub, library):
    publication = prepare(library, "cat", "cat-toy", Choices())
    assert "mia/cat-toy" not in hub.repositories  # nothing before it is agreed to
    assert "A new repository: mia/cat-toy (private)." in publication.summary
    assert publish(publication) == f"{hub.url}/mia/cat-toy"
    made = hub.repositories["mia/cat-toy"]
    assert made.private
    assert set(made.files) == {
        "README.md", "Cat.safetensors", "learned_embeds.safetensors", "token_identifier.txt",
        "type_of_concept.txt",
    }  # fmt: skip
    assert made.files["token_identifier.txt"] == b"<cat>"


@pytest.mark.slow
def test_the_card_says_trigger_license_base_model_and_how_to_load(library):
    files = prepare(library, "Cat", "mia/x", Choices(license="cc0-1.0")).files
    card = files["README.md"].decode()
    front = card.split("---")[1]
    assert 'license: "cc0-1.0"\nbase_model: "owner/model"\nlibrary_name: "diffusers"' in front
    assert 'instance_prompt: "<cat>"\ntags:\n- stable-diffusion\n- textual_inversion' in front
    assert "| in prompts | `<cat>` |" in card
    assert 'pipeline.load_textual_inversion("mia/x")' in card
    assert "put `Cat.safetensors` into the folder for embeddings" in card


@pytest.mark.slow
def test_previews_are_shown_without_what_they_carry(library, previews):
    files = prepare(library, "Cat", "mia/x", Choices()).files
    assert "![Cat](images/1.jpg)\n![Cat](images/2.jpg)" in files["README.md"].decode()
    assert files["type_of_concept.txt"] == b"style"
    assert Image.open(io.BytesIO(files["images/1.jpg"])).size == (64, 64)
    everything = b"".join(files.values())
    assert b"a secret prompt" not in everything
    assert b"/home/mia" not in everything
    assert b"hf_" not in everything


@pytest.mark.slow
def test_what_was_published_can_be_fetched(hub, library, home):
    for name in ("Cat", "xl"):
        publish(prepare(library, name, name, Choices()))
        (path,) = fetch_concept(f"mia/{name}", home / "fetched")
        assert (path.name, formats.read(path).step) == (f"{name}.safetensors", 5)


@pytest.mark.slow
def test_sdxl_has_a_file_for_each_text_encoder(library):
    files = prepare(library, "xl", "mia/x", Choices()).files
    assert {"xl.safetensors", "learned_embeds.safetensors", "learned_embeds_2.safetensors"} < set(
        files
    )
    card = files["README.md"].decode()
    assert 'weight_name="learned_embeds_2.safetensors"' in card
    assert 'license: "openrail++"' in card


@pytest.mark.slow
def test_large_files_go_through_lfs(hub, library):
    hub.uses_lfs = True
    publish(prepare(library, "Cat", "x", Choices()))
    assert len(hub.blobs) == 2
    assert hub.repositories["mia/x"].files["Cat.safetensors"] in hub.blobs.values()


@pytest.mark.slow
def test_a_public_repository_must_be_meant(hub, library):
    hub.add("mia/open", {"notes.txt": b"stays"})
    with pytest.raises(HubError, match='"mia/open" is public; publish there with --public'):
        prepare(library, "Cat", "mia/open", Choices())
    publication = prepare(library, "Cat", "mia/open", Choices(public=True))
    assert "are replaced in mia/open (public: everybody can" in publication.summary
    publish(publication)
    assert hub.repositories["mia/open"].files["notes.txt"] == b"stays"
    publish(prepare(library, "Cat", "mia/new", Choices(public=True)))
    assert not hub.repositories["mia/new"].private


def said(library, token, repository="x"):
    with pytest.raises((HubError, SettingsError)) as told:
        publish(prepare(library, "Cat", repository, Choices(), token=token), token=token)
    assert "\n" not in str(told.value)
    assert not token or token not in str(told.value)
    return str(told.value)


@pytest.mark.slow
def test_what_the_hub_refuses_is_said_without_the_token(hub, library, monkeypatch):
    assert "does not know your token (status 401)" in said(library, "hf_wrong")
    assert 'Your token may not write to "mia/x" (status 403)' in said(library, READ_ONLY)
    assert 'may not write to "other/x" (status 403)' in said(library, TOKEN, "other/x")
    assert "characters that no token has" in said(library, "hf_a\nb")
    assert '"a b" is no name of a repository; write OWNER/NAME' in said(library, None, "a b")
    monkeypatch.delenv("HF_TOKEN")
    told = said(library, None)
    assert told.startswith(
        "Publishing needs a token of the Hugging Face Hub, and there is none: log in"
    )
    assert hub.repositories == {}


@pytest.mark.slow
def test_without_a_connection_it_is_said(hub, library, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert said(library, None).startswith("http://127.0.0.1:9 cannot be reached (")
