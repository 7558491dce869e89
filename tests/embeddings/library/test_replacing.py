"""An embedding gets other vectors, and what it was is kept."""

import dataclasses

import pytest
import torch

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.library.replacing import replace_vectors
from textual_inversion.errors import EmbeddingError


def made(name, step, filled):
    return Embedding(name, (torch.full((2, 8), float(filled)),), step, "pocket")


@pytest.fixture
def library(home):
    library = Library(home / "embeddings")
    first = dataclasses.replace(made("cat", 360, 1), initialization_text="red cat")
    library.save(first)
    return library


def steps(library):
    return {entry.name: entry.step for entry in library.list()}


def test_the_embedding_is_replaced_and_the_other_is_kept_by_its_step(library):
    assert replace_vectors(library, "cat", made("cat-best", 120, 2)) == "cat-360"
    assert steps(library) == {"cat": 120, "cat-360": 360}
    assert library.load("cat").vectors[0].unique().tolist() == [2]
    assert library.load("cat-360").vectors[0].unique().tolist() == [1]


def test_a_name_that_is_taken_gets_a_number(library):
    library.save(made("cat-360", 9, 3))
    assert replace_vectors(library, "cat", made("best", 120, 2)) == "cat-360-2"
    assert steps(library) == {"cat": 120, "cat-360": 9, "cat-360-2": 360}


def test_the_same_vectors_of_the_same_step_leave_everything_as_it_is(library):
    assert replace_vectors(library, "cat", made("cat-best", 360, 1)) == ""
    assert steps(library) == {"cat": 360}


def test_a_file_of_another_format_stays_of_it(library, home):
    library.delete("cat")
    from textual_inversion.embeddings import formats

    formats.write(made("cat", 360, 1), home / "embeddings" / "cat.safetensors")
    assert replace_vectors(library, "cat", made("best", 5, 2)) == "cat-360"
    assert (home / "embeddings" / "cat-360.safetensors").is_file()
    assert steps(library) == {"cat": 5, "cat-360": 360}


def test_an_embedding_that_is_not_there_is_said(library):
    with pytest.raises(EmbeddingError, match="no embedding called 'dog'"):
        replace_vectors(library, "dog", made("best", 5, 2))
