"""Training an embedding that another program made: its file stays the one file of its name."""

from pathlib import Path

import pytest
import torch

from tests.cats import losses, run
from tests.embeddings.formats.test_png import picture
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import png
from textual_inversion.embeddings.library import Library
from textual_inversion.events import Saved, Warned


def rows(width=32):
    return torch.randn(2, width, generator=torch.Generator().manual_seed(1)) / 50


def saved(events):
    found = [event for event in events if isinstance(event, Saved)]
    return [Path(event.path).absolute() for event in found if event.kind == "embedding"]


def warned(events):
    return [event.message for event in events if isinstance(event, Warned)]


@pytest.mark.slow
def test_a_learned_embeds_file_is_trained_in_its_place(cat, home):
    path = home / "embeddings" / "terence" / "learned_embeds.bin"
    path.parent.mkdir()
    torch.save({"<terence>": rows()}, path)
    events = run(cat, embedding="<terence>")
    assert saved(events) == [path]
    listed = [(entry.path, entry.problem) for entry in Library(home / "embeddings").list()]
    assert listed == [(home / "embeddings" / "cat-x.pt", None), (path, None)]
    stored = torch.load(path, weights_only=True)
    assert list(stored) == ["<terence>"]
    assert not torch.equal(stored["<terence>"], rows())


def test_a_words_capitals_are_dropped_where_diffusers_reads_them(cat, home):
    path = home / "embeddings" / "learned_embeds.bin"
    torch.save({"<Cat-Toy>": rows()}, path)
    run(cat, embedding="Cat-Toy", max_steps=1)
    assert list(torch.load(path, weights_only=True)) == ["<cat-toy>"]


@pytest.mark.slow
def test_a_stopped_training_of_such_a_file_goes_on(cat, home):
    torch.save({"<terence>": rows()}, home / "embeddings" / "terence.bin")
    run(cat, embedding="terence", max_steps=2)
    again = run(cat, embedding="terence", max_steps=5)
    assert len(losses(again)) == 3


@pytest.mark.slow
def test_the_bare_word_stays_a_word_while_the_bracketed_one_is_trained(cat, home, pictures):
    for caption in pictures.glob("*.txt"):
        caption.write_text("a photo of a dog")
    with_dog = {"template": "t.txt", "max_steps": 1}
    (home / "t.txt").write_text("[filewords], [name]\n")
    torch.save({"<zyx>": rows()}, home / "embeddings" / "zyx.bin")
    torch.save({"<dog>": rows()}, home / "embeddings" / "dog.bin")
    first, second = (losses(run(cat, embedding=name, **with_dog)) for name in ("zyx", "dog"))
    assert first == second


def test_a_picture_that_is_trained_stays_and_says_where_the_vectors_go(cat, home):
    png.write(home / "embeddings" / "art.png", picture(), Embedding("art", (rows(),)))
    events = run(cat, embedding="art", max_steps=1)
    (said,) = [line for line in warned(events) if "art.png" in line]
    assert "stays as it is: the trained embedding is saved as" in said
    assert "art.pt, which is used from then on." in said


@pytest.mark.slow
def test_a_name_that_previews_do_not_know_is_told(cat):
    events = run(cat, preview_prompt="[name] and <other>")
    assert (
        "The previews read <other> as plain text: only <cat-x> is loaded while it is trained."
        in warned(events)
    )
