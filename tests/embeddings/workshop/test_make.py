import json

import pytest
import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.workshop.arithmetic import Term, read_expression
from textual_inversion.embeddings.workshop.make import make_and_save, make_embedding
from textual_inversion.errors import EmbeddingError
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.vocabulary import read_vocabularies
from textual_inversion.settings.workshop import WorkshopSettings

ONE, TWO = torch.tensor([[1.0, 0], [0, 2]]), torch.tensor([[0.0, 3], [4, 0]])


@pytest.fixture
def library(home):
    library = Library(home / "embeddings")
    for name, rows in (("one", ONE), ("two", TWO), ("long", torch.cat([TWO, ONE]))):
        library.save(Embedding(name, (rows,), base_model="m", base_model_hash="0123456789"))
    library.save(Embedding("wide", (torch.ones(1, 3),)))
    return library


def made(library, operation, sources, **changed):
    settings = {"name": "new", "operation": operation, "sources": sources, **changed}
    return make_embedding(WorkshopSettings.build(settings), library)


def rows(*args, **options):
    return made(*args, **options).vectors[0].tolist()


def test_a_mix_is_weighed(library):
    assert rows(library, "mix", "one, two", weights="3, 1") == [[0.75, 0.75], [1, 1.5]]
    assert rows(library, "mix", "one, <two>") == [[0.5, 1.5], [2, 1]]


def test_vectors_that_only_one_has_are_its_own(library):
    assert rows(library, "mix", "one, long", weights="1, 3")[2:] == [[1, 0], [0, 2]]
    assert rows(library, "slerp", "long, one")[2:] == [[1, 0], [0, 2]]


def test_slerp_turns_and_lengths_go_straight(library):
    half = made(library, "slerp", "one, two", share=0.5).vectors[0]
    assert half.norm(dim=-1).tolist() == pytest.approx([2, 3])
    assert half[0].tolist() == pytest.approx([2**0.5, 2**0.5])
    assert rows(library, "slerp", "one, two", share=0) == ONE.tolist()
    assert made(library, "slerp", "one, one").vectors[0].tolist() == ONE.tolist()


def test_vectors_of_nothing_are_mixed_by_slerp(library):
    library.save(Embedding("nothing", (torch.zeros(2, 2),)))
    assert rows(library, "slerp", "nothing, one", share=0.25) == (0.25 * ONE).tolist()


def test_vectors_are_joined_taken_away_and_dropped(library):
    assert rows(library, "concatenate", "one, two") == [*ONE.tolist(), *TWO.tolist()]
    assert rows(library, "subtract", "one, long") == [[1, -3], [-4, 2]]
    assert rows(library, "drop", "long", dropped="1, 3") == [[4, 0], [0, 2]]


def test_embeddings_of_two_families_are_told_apart_in_invokeais_words(library):
    with pytest.raises(EmbeddingError) as caught:
        made(library, "mix", "one, wide")
    assert str(caught.value) == (
        "Cannot load embedding for <wide>. It was trained on a model with token dimension 3, but "
        "the current model has token dimension 2. Only embeddings for one family of models can be "
        "combined."
    )


@pytest.mark.parametrize(
    ("operation", "sources", "options", "words"),
    [
        ("mix", "", {}, "No embeddings are given"),
        ("mix", "one", {}, "mix takes two or more embeddings, and 1 is given"),
        ("mix", "one, gone", {}, "There is no embedding called 'gone'"),
        ("mix", "one, two", {"weights": "1"}, "There are 1 weights for 2 embeddings"),
        ("mix", "one, two", {"weights": "1, -1"}, "The weights add up to zero"),
        ("mix", "one, two", {"weights": "a, b"}, 'The weights "a, b" are not numbers'),
        ("slerp", "one, two, long", {}, "slerp takes 2 embeddings, and 3 are given"),
        ("drop", "one", {"dropped": "3"}, "There is no vector 3; the embedding has 2"),
        ("drop", "one", {"dropped": "1, 2"}, "All vectors would be dropped"),
        ("drop", "one", {}, "Say which vectors to drop"),
        (
            "concatenate",
            ",".join(["long"] * 20),
            {},
            "would have 80 vectors, and a prompt",
        ),
        ("rescale", "one", {}, "token dimension 2, but the current model has token dimension 192"),
        ("sdxl", "one", {}, "is not of SDXL"),
        ("arithmetic", "king - - man", {}, "is no sum of words"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(library, operation, sources, options, words):
    with pytest.raises(EmbeddingError, match=words):
        made(library, operation, sources, **options)


def test_the_file_tells_how_it_was_made_without_folders(library, home):
    formats.write(library.load("one"), home / "away.pt")
    settings = {"name": "new", "sources": f"{home / 'away.pt'}, two", "weights": "3, 1"}
    path = make_and_save(WorkshopSettings.build(settings), library)
    kept = formats.read(path)
    assert json.loads(kept.settings) == {
        "workshop": {"operation": "mix", "sources": "away.pt, two", "weights": "3, 1"}
    }
    assert (kept.base_model, kept.base_model_hash) == ("m", "0123456789")
    with pytest.raises(EmbeddingError, match="There is already an embedding called 'new'"):
        make_and_save(WorkshopSettings.build(settings), library)
    make_and_save(WorkshopSettings.build(settings | {"overwrite": True}), library)


def test_rescaled_vectors_are_as_long_as_words(library, stacks):
    (words,) = read_vocabularies(describe_model(str(stacks["sd1"])))
    library.save(Embedding("mine", (torch.tensor([[0.0] * 31 + [9], [0] * 32]),)))
    new = made(library, "rescale", "mine", norm=2, model=str(stacks["sd1"])).vectors[0]
    assert new.norm(dim=-1).tolist() == pytest.approx([2 * words.mean_norm, 0])


def test_arithmetic_adds_words_and_embeddings(library, stacks):
    model = str(stacks["sdxl"])
    first, second = read_vocabularies(describe_model(model))
    cat, dog = (first.tokenizer(w, add_special_tokens=False).input_ids for w in ("cat", "dog"))
    library.save(Embedding("both", (torch.ones(3, 32), torch.ones(3, 40))))
    new = made(library, "arithmetic", "0.5 * <both> + cat - dog", model=model)
    assert torch.allclose(new.vectors[0], 0.5 + first.table[cat] - first.table[dog])
    assert torch.allclose(new.vectors[1], 0.5 + second.table[cat] - second.table[dog])
    assert (new.initialization_text, new.base_model) == ("0.5 * <both> + cat - dog", "sdxl")
    with pytest.raises(EmbeddingError, match="<both> has 3 and cat dog has 2"):
        made(library, "arithmetic", "<both> + cat dog", model=model)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("king - man + woman", [Term(1, "king"), Term(-1, "man"), Term(1, "woman")]),
        ("- x-ray", [Term(-1, "x-ray")]),
        ("0.5 * <my cat> - 2*red dog", [Term(0.5, "<my cat>"), Term(-2, "red dog")]),
    ],
)
def test_an_expression_is_read(text, terms):
    assert read_expression(text) == terms


def test_a_word_of_sd_seeds_the_same_word_of_sdxl(library, stacks):
    model = str(stacks["sdxl"])
    first, second = read_vocabularies(describe_model(model))
    (cat,) = first.tokenizer("cat", add_special_tokens=False).input_ids
    library.save(Embedding("cat-x", (2 * first.table[[cat]],)))
    small, large = made(library, "sdxl", "cat-x", model=model).vectors
    assert torch.equal(small, 2 * first.table[[cat]])
    cosines = torch.nn.functional.cosine_similarity(large, second.table)
    assert int(cosines.argmax()) == cat
    share = float(small.norm()) / first.mean_norm
    assert float(large.norm()) == pytest.approx(share * second.mean_norm)
