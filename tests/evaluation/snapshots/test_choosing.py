import dataclasses

import pytest
import torch

from tests.evaluation.snapshots.test_record import evaluation, subject
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError
from textual_inversion.evaluation.snapshots.choosing import use_candidate
from textual_inversion.generation.infotext import vectors_hash


@pytest.fixture
def library(home):
    found = Library(home / "embeddings")
    found.save(Embedding("cat", (torch.ones(1, 4),), step=30))
    return found


def snapshot(home, value, *, step=10):
    vectors = (torch.full((1, 4), value),)
    path = home / f"cat-{step}.pt"
    formats.write(Embedding("cat", vectors, step=step), path)
    found = subject("step 10", 0.5, 0.5, path=str(path))
    return dataclasses.replace(found, vectors=vectors_hash(vectors))


def test_a_snapshot_becomes_the_embedding_and_what_that_was_is_kept(home, library):
    chosen = snapshot(home, 2.0)
    said = use_candidate(evaluation(chosen), chosen, library)
    assert said == "cat is now what was called step 10; what it was is kept as cat-30."
    assert library.load("cat").vectors[0].tolist() == [[2.0] * 4]
    assert library.load("cat-30").vectors[0].tolist() == [[1.0] * 4]
    assert use_candidate(evaluation(chosen), chosen, library) == "cat has these vectors already."


def test_a_file_that_has_changed_since_is_not_taken(home, library):
    chosen = snapshot(home, 2.0)
    snapshot(home, 3.0)
    with pytest.raises(EmbeddingError, match="has changed since it was evaluated"):
        use_candidate(evaluation(chosen), chosen, library)
    assert library.load("cat").step == 30
