"""A run that is kept is one more embedding, and the run's own stays."""

import pytest
import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError
from textual_inversion.sweeps.keeping import keep_run


@pytest.fixture
def library(home):
    library = Library(home / "embeddings")
    Library(home / "embeddings" / "cat-x-sweep").save(Embedding("cat-x-run1", (torch.ones(2, 8),)))
    return library


def test_a_run_is_kept_under_a_name_of_its_own(library):
    path = keep_run("cat-x-run1", "<best-x>", library)
    assert (path.parent, path.name) == (library.folder, "best-x.pt")
    kept = formats.read(path)
    assert (kept.name, kept.vectors[0].tolist()) == ("best-x", [[1.0] * 8] * 2)
    assert library.find("cat-x-run1") is not None


@pytest.mark.parametrize(
    ("run", "name", "words"),
    [
        ("cat-x-run1", "cat-x-run1", "already an embedding"),
        ("cat-x-run1", "a/b", "a/b"),
        ("cat-x-run1", "", "name"),
        ("cat-x-run9", "best-x", '"cat-x-run9" is not there'),
    ],
)
def test_what_cannot_be_kept_is_said(library, run, name, words):
    with pytest.raises(EmbeddingError, match=words):
        keep_run(run, name, library)
