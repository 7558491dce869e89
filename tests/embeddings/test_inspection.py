"""What is inside a file: each vector's length, words and faults."""

import pytest
import torch
from safetensors.torch import save_file

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.inspection import inspect
from textual_inversion.errors import EmbeddingError, ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.vocabulary import read_vocabularies


@pytest.fixture
def words(stacks):
    (found,) = read_vocabularies(describe_model(str(stacks["sd1"])))
    return found


@pytest.fixture
def file(home, words):
    """Four vectors: "cat" twice as long, nothing, "dog", and "cat" again."""
    ids = words.tokenizer("cat dog", add_special_tokens=False).input_ids
    cat, dog = words.table[ids]
    rows = torch.stack([2 * cat, 0 * cat, dog, 2 * cat])
    path = home / "pet.safetensors"
    formats.write(Embedding("pet", (rows,), 7, "sd1", "abc", initialization_text="cat"), path)
    return path


def test_each_vector_has_its_words_length_and_faults(file, stacks, words):
    (found,) = inspect(file, str(stacks["sd1"]))
    assert [v.problem for v in found.vectors] == ["", "dead", "", "repeats vector 1"]
    assert [v.nearest[0][0] if v.nearest else "" for v in found.vectors] == [
        *("cat", "", "dog", "cat")
    ]
    cat = words.tokenizer("cat", add_special_tokens=False).input_ids[0]
    share = 2 * words.table[cat].norm().item() / words.mean_norm
    assert found.vectors[0].share_of_words == pytest.approx(share)
    assert (found.step, found.base_model, found.initialization_text) == (7, "sd1", "cat")


def test_without_a_model_that_fits_there_are_norms_only(file):
    (found,) = inspect(file)
    assert found.compared_with is None
    assert [(v.share_of_words, v.nearest) for v in found.vectors] == [(None, ())] * 4
    assert all(v.norm > 0 for v in found.vectors if v.problem != "dead")


def test_the_model_that_the_file_names_is_taken_where_it_is_here(file, home, stacks):
    (home / "models" / "sd1").symlink_to(stacks["sd1"])
    assert inspect(file)[0].compared_with == "sd1"


def test_the_pocket_model_is_taken_where_it_fits(home):
    path = home / "pet.safetensors"
    formats.write(Embedding("pet", (torch.ones(1, 192),)), path)
    assert inspect(path)[0].compared_with == "pocket"


def test_both_text_encoders_are_compared(home, stacks):
    first, second = read_vocabularies(describe_model(str(stacks["sdxl"])))
    ids = first.tokenizer("cat", add_special_tokens=False).input_ids
    path = home / "pet.safetensors"
    formats.write(Embedding("pet", (first.table[ids], second.table[ids])), path)
    (found,) = inspect(path, str(stacks["sdxl"]))
    assert [(v.encoder, v.nearest[0][0]) for v in found.vectors] == [(1, "cat"), (2, "cat")]


def test_a_model_of_another_width_is_refused(file, stacks):
    with pytest.raises(ModelError, match="token dimension 32, but .* token dimension 48"):
        inspect(file, str(stacks["sd2"]))


def test_broken_vectors_are_numbered(tmp_path):
    rows = torch.ones(4, 8)
    rows[1, 0], rows[3, 2] = float("nan"), float("inf")
    save_file({"emb_params": rows}, tmp_path / "x.safetensors")
    with pytest.raises(EmbeddingError, match=r"NaN or infinite numbers \(number 2, 4 of 4\)"):
        inspect(tmp_path / "x.safetensors")


def test_the_second_embedding_of_a_file_is_for_no_program(tmp_path):
    tries = {"28017_v0": torch.ones(2, 768), "28017_v1": torch.zeros(2, 768)}
    save_file(tries, tmp_path / "x.safetensors")
    first, second = inspect(tmp_path / "x.safetensors")
    assert {v.program for v in first.programs if v.loads} == {"ComfyUI"}
    assert {v.loads for v in second.programs} == {False}
