from pathlib import Path

import pytest
import torch

from tests import tiny
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.create import (
    create,
    describe_created,
    describe_name,
    describe_start,
)
from textual_inversion.embeddings.initialization import source_rows
from textual_inversion.errors import EmbeddingError, ModelError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.opening import open_model
from textual_inversion.prompts.chunks import Chunk
from textual_inversion.settings import CreateSettings


def settings(stacks, kind="sd1", **changes):
    return CreateSettings.build({"name": "my-cat", "model": str(stacks[kind])}, changes)


@pytest.mark.parametrize(
    ("rows", "vectors", "expected"),
    [
        (1, 4, [0, 0, 0, 0]),
        (2, 5, [0, 0, 0, 1, 1]),
        (3, 8, [0, 0, 0, 1, 1, 1, 2, 2]),
        (5, 3, [0, 1, 3]),
        (7, 4, [0, 1, 3, 5]),
    ],
)
def test_rows_are_spread_as_in_the_original(rows, vectors, expected):
    assert source_rows(rows, vectors) == expected


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl"])
def test_vectors_start_from_the_words_of_each_encoder(home, stacks, kind):
    path = create(settings(stacks, kind, initialization_text="red cat", num_vectors=3))
    made = formats.read(path)
    assert made.widths == tiny.WIDTHS[kind]
    for encoder, vectors in zip(
        open_model(str(stacks[kind])).text.encoders, made.vectors, strict=True
    ):
        red, cat = encoder.token_ids("red cat")
        assert torch.equal(vectors, encoder.token_rows([red, red, cat]))


@pytest.mark.slow
@pytest.mark.parametrize("start", ["words", "encoded-words"])
def test_leading_articles_and_commas_start_no_vector(home, stacks, start):
    text = "a, the red cat on a house"
    made = formats.read(create(settings(stacks, initialization_text=text, start=start)))
    (encoder,) = open_model(str(stacks["sd1"])).text.encoders
    ids = encoder.token_ids(text)
    rows = (
        encoder.token_rows(ids)
        if start == "words"
        else encoder.encode([Chunk(ids)], None)[0][0, 1:]
    )
    assert torch.equal(made.vectors[0], rows[3:4])


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_starts_from_zeros(home, stacks, text):
    made = formats.read(create(settings(stacks, initialization_text=text, num_vectors=2)))
    assert torch.equal(made.vectors[0], torch.zeros(2, 32))


def test_the_file_names_its_model_and_no_steps(home, stacks):
    made = formats.read(create(settings(stacks)))
    model = open_model(str(stacks["sd1"]))
    assert (made.name, made.step) == ("my-cat", 0)
    assert (made.base_model, made.base_model_hash) == ("sd1", model.hash)


@pytest.mark.parametrize("name", ["", "  ", "../x", "a/b", ".hidden", "con"])
def test_a_name_that_will_not_do_is_refused_in_one_sentence(home, stacks, name):
    with pytest.raises(EmbeddingError) as caught:
        create(settings(stacks, name=name))
    assert str(caught.value).count("\n") == 0
    assert not list(home.rglob("*.pt"))


def test_a_word_of_the_vocabulary_is_refused(home, stacks):
    with pytest.raises(EmbeddingError, match='"cat" is a word that the base model knows'):
        create(settings(stacks, name="cat"))


def test_a_word_of_the_vocabulary_may_be_used_anyway(home, stacks):
    asked = settings(stacks, name="<cat>", force=True)
    model = describe_model(asked.model)
    assert create(asked) == Path("embeddings/cat.pt")
    assert describe_created(asked, model).splitlines()[1].startswith('Warning: "cat" is a word')
    assert describe_name(settings(stacks, name="cat-x"), model) == ""


def test_an_old_embedding_is_kept_unless_asked(home, stacks):
    first = create(settings(stacks)).read_bytes()
    with pytest.raises(EmbeddingError, match="already"):
        create(settings(stacks, initialization_text="dog"))
    assert (home / "embeddings" / "my-cat.pt").read_bytes() == first
    assert create(settings(stacks, initialization_text="dog", overwrite=True)).read_bytes() != first


def test_the_live_line_tells_tokens_and_room(home, stacks):
    model = describe_model(str(stacks["sd1"]))
    assert describe_start(
        settings(stacks, initialization_text="red cat", num_vectors=3), model
    ) == (
        "Vectors start from: red (2), cat (1). The name takes 3 of a prompt's 75 tokens, 72 left."
    )
    assert describe_start(settings(stacks, initialization_text="a red cat"), model).startswith(
        "Vectors start from: red (1), cat (none) (skipped: a). The name takes 1 of"
    )
    assert describe_start(settings(stacks, initialization_text="the"), model).startswith(
        "Vectors start from: the (1). The"
    )
    assert "cat (none)" in describe_start(settings(stacks, initialization_text="red cat"), model)
    assert describe_start(settings(stacks, initialization_text=""), model).startswith("No words")


def test_a_missing_model_is_said(home):
    with pytest.raises(ModelError, match="no base model"):
        create(CreateSettings(name="my-cat", model="nowhere"))


def test_encoded_words_start_from_the_encoders_output(home, stacks):
    made = formats.read(create(settings(stacks, initialization_text="cat", start="encoded-words")))
    (encoder,) = open_model(str(stacks["sd1"])).text.encoders
    hidden, _ = encoder.encode([Chunk(encoder.token_ids("cat"))], None)
    assert torch.equal(made.vectors[0][0], hidden[0, 1])


def test_random_vectors_are_as_long_as_words_and_differ(home, stacks):
    made = formats.read(create(settings(stacks, start="random", num_vectors=3)))
    table = open_model(str(stacks["sd1"])).text.encoders[0].embedding.weight
    norms = made.vectors[0].norm(dim=1)
    assert torch.allclose(norms, table.norm(dim=1).mean().expand(3))
    assert not torch.equal(made.vectors[0][0], made.vectors[0][1])


def test_another_embeddings_vectors_can_be_the_start(home, stacks):
    first = create(settings(stacks, initialization_text="red cat", num_vectors=2))
    made = formats.read(create(settings(stacks, name="second-x", from_file=str(first))))
    assert (made.name, made.step) == ("second-x", 0)
    assert torch.equal(made.vectors[0], formats.read(first).vectors[0])


@pytest.mark.slow
def test_a_file_of_another_width_is_refused(home, stacks):
    other = create(settings(stacks, "sd2", name="wide-x"))
    with pytest.raises(
        ModelError, match="token dimension 48, but the current model has token dimension 32"
    ):
        create(settings(stacks, from_file=str(other)))


@pytest.mark.slow
def test_a_separate_tokenizer_reads_the_initialization_text_and_the_name(home, stacks):
    tiny.swapped_tokenizer(home / "models" / "swapped", "cat", "dog")
    asked = settings(stacks, initialization_text="cat", tokenizer="swapped")
    (encoder,) = open_model(str(stacks["sd1"])).text.encoders
    made = formats.read(create(asked)).vectors[0]
    assert torch.equal(made, encoder.token_rows(encoder.token_ids("dog")))
    assert "Vectors start from: cat (1)" in describe_start(asked, describe_model(asked.model))
