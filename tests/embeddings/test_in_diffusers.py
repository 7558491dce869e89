"""What we write, through diffusers' own pipelines: all vectors arrive in the prompt, bit by bit."""

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import load_file

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.compatibility import judge
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports.export import export
from textual_inversion.embeddings.formats.layout import read_layout

READABLE = ("a1111", "safetensors", "diffusers", "diffusers-bin", "invokeai", "concept")


def embedding(widths, num):
    seeded = torch.Generator().manual_seed(2)
    rows = tuple(torch.randn(num, width, generator=seeded) for width in widths)
    return Embedding("Cat-Toy", rows, 5)


def rows_of(prompt, pipe, tokenizer, text_encoder):
    """Give the vectors that stand for the words behind "a photo of"."""
    ids = tokenizer(pipe.maybe_convert_prompt(prompt, tokenizer)).input_ids[1:-1]
    before = tokenizer("a photo of", add_special_tokens=False).input_ids
    assert ids[: len(before)] == before
    return text_encoder.get_input_embeddings().weight[ids[len(before) :]]


def use(pipe, path):
    """Do as the verdict says, and give the word to type."""
    (said,) = [v for v in judge(read_layout(path), formats.read(path)) if v.program == "diffusers"]
    word, calls = said.prompt.split(" after ")
    exec(calls, {"pipe": pipe, "load_file": load_file, "torch": torch})
    return word


@pytest.mark.slow
@pytest.mark.parametrize("num", [1, 4])
@pytest.mark.parametrize("form", READABLE)
def test_every_vector_of_a_name_with_capitals_arrives(stacks, tmp_path, monkeypatch, form, num):
    pipe = StableDiffusionPipeline.from_pretrained(stacks["sd1"])
    cat = embedding((32,), num)
    path = export(cat, form, tmp_path)[0]
    monkeypatch.chdir(path.parent)
    word = use(pipe, path)
    assert word == "<cat-toy>"
    found = rows_of(f"a photo of {word}", pipe, pipe.tokenizer, pipe.text_encoder)
    assert torch.equal(found, cat.vectors[0])


@pytest.mark.slow
@pytest.mark.parametrize("form", ["diffusers", "diffusers-bin", "concept"])
def test_the_word_inside_is_the_embeddings_own(stacks, tmp_path, form):
    pipe = StableDiffusionPipeline.from_pretrained(stacks["sd1"])
    cat = embedding((32,), 4)
    path = export(cat, form, tmp_path)[0]
    pipe.load_textual_inversion(path.parent, weight_name=path.name)
    found = rows_of("a photo of <cat-toy>", pipe, pipe.tokenizer, pipe.text_encoder)
    assert torch.equal(found, cat.vectors[0])


@pytest.mark.slow
@pytest.mark.parametrize("form", ["a1111", "safetensors"])
def test_sdxls_two_text_encoders_each_get_theirs(stacks, tmp_path, monkeypatch, form):
    pipe = StableDiffusionXLPipeline.from_pretrained(stacks["sdxl"])
    cat = embedding((32, 40), 4)
    path = export(cat, form, tmp_path)[0]
    monkeypatch.chdir(path.parent)
    prompt = f"a photo of {use(pipe, path)}"
    first = rows_of(prompt, pipe, pipe.tokenizer, pipe.text_encoder)
    second = rows_of(prompt, pipe, pipe.tokenizer_2, pipe.text_encoder_2)
    assert torch.equal(first, cat.vectors[0])
    assert torch.equal(second, cat.vectors[1])
