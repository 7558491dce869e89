"""Our files through diffusers' own loader; importing it takes longer than all the tests."""

import pytest
import torch

from tests.files.samples import facts, sd1, sdxl
from textual_inversion import files
from textual_inversion.errors import EmbeddingError
from textual_inversion.files import diffusers

VECTORS = sd1().vectors[0]


class NoWords:
    """A tokenizer that knows no word yet, which is all that the loader asks of it here."""

    def get_vocab(self):
        return {}


def loaded(path, tokens=None):
    """Give the words and vectors that `load_textual_inversion` would put in a pipeline."""
    from diffusers.loaders import textual_inversion as theirs

    states = theirs.load_textual_inversion_state_dicts([str(path)])
    rules = theirs.TextualInversionLoaderMixin._retrieve_tokens_and_embeddings
    words, vectors = rules(tokens or [None], states, tokenizer=NoWords())
    return words, [tensor.tolist() for tensor in vectors]


def test_diffusers_takes_a_pt_file_and_its_name(tmp_path):
    files.write(sd1(), tmp_path / "cat.pt")
    assert loaded(tmp_path / "cat.pt") == (["cat"], [VECTORS.tolist()])


def test_diffusers_takes_a_safetensors_file_given_a_word(tmp_path):
    files.write(sd1(), tmp_path / "cat.safetensors")
    found = loaded(tmp_path / "cat.safetensors", tokens=["<my-cat>"])
    assert found == (["<my-cat>"], [VECTORS.tolist()])


@pytest.mark.parametrize("name", ["learned_embeds.safetensors", "learned_embeds.bin"])
def test_diffusers_takes_an_export_and_its_word(tmp_path, name):
    diffusers.export(tmp_path / name, sd1())
    assert loaded(tmp_path / name) == (["<cat>"], [VECTORS.tolist()])


@pytest.mark.parametrize("name", ["learned_embeds.safetensors", "learned_embeds.bin"])
def test_an_export_reads_back_without_labels(tmp_path, name):
    diffusers.export(tmp_path / name, sd1())
    assert facts(files.read(tmp_path / name))[:2] == ("cat", 0)
    assert torch.equal(files.read(tmp_path / name).vectors[0], VECTORS)


def test_what_diffusers_has_no_file_for_is_refused(tmp_path):
    with pytest.raises(EmbeddingError, match="made for SDXL"):
        diffusers.export(tmp_path / "cat.safetensors", sdxl())
    with pytest.raises(EmbeddingError, match=r"use \.safetensors or \.bin"):
        diffusers.export(tmp_path / "cat.pt", sd1())
