"""Our files through diffusers' own loader; importing it takes longer than all the tests."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.embeddings.formats.samples import facts, sd1, sdxl
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.formats import diffusers
from textual_inversion.errors import EmbeddingError

POCKET = Path(__file__).parents[3] / "models" / "pocket"
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
    formats.write(sd1(), tmp_path / "cat.pt")
    assert loaded(tmp_path / "cat.pt") == (["cat"], [VECTORS.tolist()])


def test_diffusers_takes_a_safetensors_file_given_a_word(tmp_path):
    formats.write(sd1(), tmp_path / "cat.safetensors")
    found = loaded(tmp_path / "cat.safetensors", tokens=["<my-cat>"])
    assert found == (["<my-cat>"], [VECTORS.tolist()])


@pytest.mark.parametrize("name", ["learned_embeds.safetensors", "learned_embeds.bin"])
def test_diffusers_takes_an_export_and_its_word(tmp_path, name):
    diffusers.export(tmp_path / name, sd1())
    assert loaded(tmp_path / name) == (["<cat>"], [VECTORS.tolist()])


class Pipeline:
    """The parts of a pipeline that a word goes into, those of the model that ships with us."""

    def __new__(cls):
        from diffusers.loaders import TextualInversionLoaderMixin
        from transformers import CLIPTextModel, CLIPTokenizer

        pipeline = type("Pipeline", (TextualInversionLoaderMixin,), {"hf_device_map": None})()
        pipeline.tokenizer = CLIPTokenizer.from_pretrained(str(POCKET / "tokenizer"))
        pipeline.text_encoder = CLIPTextModel.from_pretrained(str(POCKET / "text_encoder"))
        pipeline.components = {
            "tokenizer": pipeline.tokenizer,
            "text_encoder": pipeline.text_encoder,
        }
        return pipeline


@pytest.mark.slow
@pytest.mark.parametrize("file", ["Cat-Toy.pt", "learned_embeds.safetensors", "learned_embeds.bin"])
def test_all_vectors_of_a_name_with_capitals_arrive_in_diffusers_prompt(tmp_path, file):
    pipeline = Pipeline()
    embedding = sd1("Cat-Toy", 4, pipeline.text_encoder.config.hidden_size)
    write = formats.write if file.endswith(".pt") else lambda e, path: diffusers.export(path, e)
    write(embedding, tmp_path / file)
    pipeline.load_textual_inversion(str(tmp_path / file))
    word = "cat-toy" if file.endswith(".pt") else "<cat-toy>"
    prompt = pipeline.maybe_convert_prompt(f"a photo of {word}", pipeline.tokenizer)
    ids = pipeline.tokenizer(prompt).input_ids[-5:-1]
    table = pipeline.text_encoder.get_input_embeddings().weight
    assert torch.equal(table[ids], embedding.vectors[0])


@pytest.mark.parametrize("name", ["learned_embeds.safetensors", "learned_embeds.bin"])
@pytest.mark.parametrize(("num_vectors", "shape"), [(1, (8,)), (2, (2, 8))])
def test_one_vector_is_written_without_rows_as_invokeai_takes_it(
    tmp_path, name, num_vectors, shape
):
    diffusers.export(tmp_path / name, sd1("cat", num_vectors))
    content = load_file(tmp_path / name) if name.endswith("s") else torch.load(tmp_path / name)
    assert {key: tuple(tensor.shape) for key, tensor in content.items()} == {"<cat>": shape}


@pytest.mark.parametrize("name", ["learned_embeds.safetensors", "learned_embeds.bin"])
def test_an_export_reads_back_without_labels(tmp_path, name):
    diffusers.export(tmp_path / name, sd1())
    assert facts(formats.read(tmp_path / name))[:2] == ("cat", 0)
    assert torch.equal(formats.read(tmp_path / name).vectors[0], VECTORS)


def test_what_diffusers_has_no_file_for_is_refused(tmp_path):
    with pytest.raises(EmbeddingError, match="is for SDXL"):
        diffusers.export(tmp_path / "cat.safetensors", sdxl())
    with pytest.raises(EmbeddingError, match=r"use \.safetensors or \.bin"):
        diffusers.export(tmp_path / "cat.pt", sd1())
