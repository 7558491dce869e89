"""The library as HTML: what is found, and all that is known of one embedding."""

import pytest
import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from webui.views.library import Shelf, details_html, list_html

HOSTILE = "<b>x</b>"


@pytest.fixture
def shelf(home, monkeypatch, stacks):
    (home / "served").mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / "served"))
    rows = torch.zeros(2, 32)
    rows[1] = 1
    cat = Embedding("cat", (rows,), 9, HOSTILE)
    formats.write(cat, home / "embeddings" / "cat.pt")
    xl = Embedding("cat", (torch.ones(1, 768), torch.ones(1, 1280)), 7)
    formats.write(xl, home / "embeddings" / "cat.safetensors")
    (home / "embeddings" / "bad.pt").write_bytes(b"bad")
    return Shelf()


def listed(shelf, text="", model=None, **options):
    settings = {"only_fitting": False, "limit": 9, "chosen": "", **options}
    return str(list_html(shelf, text, model, **settings))


def key_of(shelf, name):
    return next(entry.key for entry in shelf.entries() if entry.name == name)


def test_the_list_counts_and_says_what_does_not_fit(shelf, stacks):
    drawn = listed(shelf, model=str(stacks["sd1"]))
    assert "3 of 3 embeddings" in drawn
    assert "bad.pt is damaged" in drawn
    assert "token dimension 768 and 1280, but the current model has token dimension 32" in drawn
    fitting = listed(shelf, model=str(stacks["sd1"]), only_fitting=True)
    assert "1 of 3 embeddings" in fitting


def test_a_long_list_is_drawn_in_parts(shelf):
    drawn = listed(shelf, limit=1)
    assert drawn.count("<li>") == 1
    assert "Show more (2 left)" in drawn


def test_an_empty_folder_says_what_to_do(home):
    assert "create one, or drop a file here" in listed(Shelf())


def test_details_say_where_it_works_and_what_is_dead(shelf, stacks):
    drawn = str(details_html(shelf, key_of(shelf, "cat"), str(stacks["sd1"])))
    for words in ("AUTOMATIC1111", "does not load it", "dead", 'data-copy="embeddings/"'):
        assert words in drawn
    assert HOSTILE not in drawn
    assert "Nearest words of" in drawn
    assert "cat.safetensors" in drawn  # the same word for SDXL, side by side


def test_a_bad_file_has_its_sentence_and_nothing_chosen_a_hint(shelf):
    assert "is damaged" in str(details_html(shelf, key_of(shelf, "bad"), None))
    assert "Choose an embedding" in str(details_html(shelf, "0:/etc/passwd", None))


def test_a_file_that_comes_changes_the_mark_and_the_list(shelf, home):
    before = shelf.state_key()
    formats.write(Embedding("new", (torch.ones(1, 32),)), home / "embeddings" / "new.pt")
    shelf.forget()
    assert shelf.state_key() != before
    assert "4 of 4 embeddings" in listed(shelf)
