"""What a training would go on from, and how its embedding begins anew."""

import pytest
import torch

from tests.cats import run, settings, vectors
from textual_inversion.embeddings.library import Library
from textual_inversion.events import Started
from textual_inversion.training.starting_over import run_to_continue, start_over


def found(home):
    return run_to_continue(Library(home / "embeddings"), "cat-x", home / "runs")


@pytest.mark.slow
def test_a_trained_embedding_continues_or_starts_over_with_its_first_vectors(home, cat):
    first = vectors(home)
    run(cat)
    assert found(home).updates == 4
    library = Library(home / "embeddings")
    assert start_over(library, found(home)) == "cat-x-4"
    assert torch.equal(vectors(home), first)
    assert library.load("cat-x-4").step == 4
    assert found(home) is None
    (started,) = [e for e in run(cat, resume="never") if isinstance(e, Started)]
    assert started.step == 0


def test_an_embedding_without_a_run_has_nothing_to_go_on_from(home, cat):
    assert found(home) is None
    assert settings(cat).resume == "latest"
