"""`ti fetch`, `ti publish` and `ti train --push-to-hub` against a Hub on this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from commandline.commands.hub import confirm
from commandline.main import main
from tests.hubserver import TOKEN
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import pt

ROOT = Path(__file__).resolve().parents[2]
CAT = "sd-concepts-library/cat-toy"


@pytest.fixture
def embedding(home):
    formats.write(Embedding("dog", (torch.ones(1, 768),)), home / "embeddings" / "dog.pt")


@pytest.fixture
def answer(monkeypatch):
    """Type an answer at the terminal."""

    def give(text):
        class Terminal:
            isatty = staticmethod(lambda: True)
            readline = staticmethod(lambda: text)

        monkeypatch.setattr(confirm.sys, "stdin", Terminal)

    return give


def add_cat(hub):
    learned = pt.dumps({"<cat-toy>": torch.ones(768)})
    hub.add(CAT, {"learned_embeds.bin": learned, "token_identifier.txt": b"<cat-toy>"})


@pytest.mark.slow
def test_fetch_says_what_the_embedding_is_called(hub, home, capsys):
    add_cat(hub)
    assert main(["fetch", CAT]) == 0
    path = Path("embeddings/cat-toy/learned_embeds.bin")
    assert capsys.readouterr().out == f"cat-toy: 1 vectors, {path}\n"
    assert path.is_file()
    assert main(["fetch", CAT, "--revision", "v7"]) == 1
    assert 'has no revision "v7"' in capsys.readouterr().err
    assert main(["fetch", CAT, "--output", "elsewhere", "--file", "*.bin"]) == 0
    assert (home / "elsewhere" / "cat-toy" / "learned_embeds.bin").is_file()


@pytest.mark.slow
def test_the_address_is_that_of_hf_endpoint(hub, home):
    add_cat(hub)
    own = {"HF_ENDPOINT": hub.url, "HF_HOME": str(home / "hf"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "textual_inversion", "fetch", CAT]
    ended = subprocess.run(command, capture_output=True, text=True, env=os.environ | own)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert (home / "embeddings" / "cat-toy" / "learned_embeds.bin").is_file()


@pytest.mark.slow
def test_publish_asks_and_no_is_no(hub, embedding, answer, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    for text in ("\n", "no\n", ""):
        answer(text)
        assert main(["publish", "dog", "my-dog"]) == 1
    said = capsys.readouterr().err
    assert "A new repository: mia/my-dog (private)." in said
    assert "Upload this? [y/N] Nothing was uploaded." in said
    assert hub.repositories == {}
    answer("y\n")
    assert main(["publish", "dog", "my-dog"]) == 0
    assert capsys.readouterr().out == f"{hub.url}/mia/my-dog\n"
    assert hub.repositories["mia/my-dog"].private


@pytest.mark.slow
def test_a_script_says_yes(hub, embedding, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(confirm.sys.stdin, "isatty", lambda: False, raising=False)
    assert main(["publish", "dog", "my-dog"]) == 2
    assert "add --yes to go on without a question" in capsys.readouterr().err
    assert main(["publish", "dog", "my-dog", "--yes", "--public", "--license", "mit"]) == 0
    assert not hub.repositories["mia/my-dog"].private
    printed = capsys.readouterr()
    assert TOKEN not in printed.out + printed.err


@pytest.mark.slow
def test_nothing_is_uploaded_without_a_token(hub, embedding, capsys):
    assert main(["publish", "dog", "my-dog", "--yes"]) == 1
    assert capsys.readouterr().err.startswith("ti: Publishing needs a token of the Hugging Face")


def train(cat, *more):
    flags = {"--dataset-dir": cat["dataset_dir"], "--model": cat["model"], "--max-steps": "1"}
    small = [*("--width", "64", "--height", "64", "--save-image-every", "0", "--hold-out-picture")]
    named = [word for pair in flags.items() for word in pair]
    small[-1:] = ["--no-hold-out-picture"]
    return main(["train", cat["embedding"], *named, *small, *more])


@pytest.mark.slow
def test_a_training_is_published_at_its_end(hub, cat, monkeypatch, capsys):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert train(cat, "--push-to-hub", "cat", "--yes") == 0
    made = hub.repositories["mia/cat"]
    assert made.private
    assert "cat-x.safetensors" in made.files
    assert "| steps | 1 |" in made.files["README.md"].decode()
    assert f"{hub.url}/mia/cat" in capsys.readouterr().err


@pytest.mark.slow
def test_a_training_that_cannot_be_published_does_not_begin(
    hub, cat, home, answer, monkeypatch, capsys
):
    assert train(cat, "--push-to-hub", "cat", "--yes") == 1
    assert "Publishing needs a token" in capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    answer("n\n")
    assert train(cat, "--push-to-hub", "cat") == 1
    assert "in the new private repository mia/cat then? [y/N]" in capsys.readouterr().err
    assert train(cat, "--push-to-hub", "cat", "--yes", "--queue") == 2
    assert list((home / "runs").iterdir()) == []
