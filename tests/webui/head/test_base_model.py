"""What the head of the page says of the base model, and which model it proposes."""

import shutil

import pytest

from textual_inversion.embeddings.create import create
from textual_inversion.settings import CreateSettings
from webui.head.base_model import describe


@pytest.fixture
def models(stacks, home):
    """Two models in models/, and an embedding made on each of them."""
    for name, kind in (("first", "sd1"), ("second", "sd2")):
        shutil.copytree(stacks[kind], home / "models" / name)
        create(CreateSettings(name=f"on-{name}", model=f"models/{name}"))
    return home / "models"


@pytest.mark.slow
def test_a_model_is_described_by_its_size_and_width(models):
    said = describe("models/first", None)
    assert said == ("<p>Stable Diffusion 1.x, 2.x · 64 x 64 pixels · vectors of 32 numbers</p>")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["models/first", "first"])
def test_an_embedding_of_the_chosen_model_brings_nothing_up(models, model):
    assert "64 x 64 pixels" in describe(model, "on-first")
    assert "64 x 64 pixels" in describe(str(models / "first"), "on-first")


@pytest.mark.slow
def test_the_own_model_of_an_embedding_is_proposed(models):
    said = describe("models/second", "on-first")
    assert "<b>on-first</b> was made on first." in said
    assert 'data-model="models/first">Use first</button>' in said


@pytest.mark.slow
def test_a_model_that_is_gone_is_named_only_where_the_vectors_do_not_fit(models):
    (models / "first").rename(models / "third")
    said = describe("models/second", "on-first")
    assert "on-first was made on first, which is not in models/; it does not fit" in said
    assert "vectors of 32 numbers" in describe("models/third", "on-first")


@pytest.mark.slow
@pytest.mark.parametrize("embedding", ["", "nobody", "../on-first"])
def test_without_an_embedding_the_model_is_described(models, embedding):
    assert "vectors of 48 numbers" in describe("models/second", embedding)


@pytest.mark.slow
def test_what_is_wrong_with_a_model_is_one_sentence_as_text(models):
    said = describe("<b>gone</b>", "on-first")
    assert said.startswith('<p class="ti-wrong">There is no base model &#34;&lt;b&gt;gone')
