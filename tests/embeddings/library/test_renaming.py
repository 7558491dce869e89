"""A renamed embedding keeps what its run knows of it."""

import json

import pytest
import torch
from PIL import Image

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.library.pictures import Pictures
from textual_inversion.embeddings.library.renaming import rename
from textual_inversion.errors import EmbeddingError
from textual_inversion.events import Started, Stepped, to_dict
from textual_inversion.runs.folder import working_in


@pytest.fixture
def run(home):
    """The folder of a run that trained cat up to step 2."""
    folder = home / "runs" / "2026-11-24" / "cat-2"
    (folder / "images").mkdir(parents=True)
    Image.new("RGB", (8, 8), "red").save(folder / "images" / "cat-2.png")
    (folder / "settings.json").write_text(json.dumps({"embedding": "cat", "max_steps": 7}))
    events = [Started("cat", 0, 2), Stepped(2, 2, 0.1, 0.005, 1.0)]
    lines = [json.dumps(to_dict(event)) + "\n" for event in events]
    (folder / "events.jsonl").write_text("".join(lines))
    rows = torch.ones(1, 8)
    formats.write(Embedding("cat", (rows,), 2), home / "embeddings" / "cat.pt")
    return folder


def test_settings_and_preview_stay_with_it(run, home):
    library = Library(home / "embeddings")
    path = rename(library, "cat", "dog")
    assert json.loads(library.load("dog").settings)["max_steps"] == 7
    assert path.with_name("dog.preview.png").is_file()
    assert (run / "images" / "cat-2.png").is_file()


def test_it_is_not_renamed_while_it_is_trained(run, home):
    with working_in(run), pytest.raises(EmbeddingError, match="cat is being trained in .*ti stop"):
        rename(Library(home / "embeddings"), "cat", "dog")
    assert (home / "embeddings" / "cat.pt").is_file()


def test_its_picture_is_its_runs_newest_or_lies_beside_it(run, home):
    (entry,) = Library(home / "embeddings").list()
    assert Pictures(home / "runs").of(entry) == run / "images" / "cat-2.png"
    beside = home / "embeddings" / "cat.jpeg"
    beside.write_bytes(b"picture")
    assert Pictures(home / "nothing").of(entry) == beside
