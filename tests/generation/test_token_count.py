import pytest

from tests import tiny
from tests.embeddings.formats.samples import sd1
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library import Library
from textual_inversion.generation.token_count import PromptCount, count_prompt


@pytest.fixture
def count(tmp_path):
    embedding = sd1(name="zyx")
    formats.write(embedding, tmp_path / "zyx.pt")
    library, tokenizer = Library(tmp_path), tiny.tokenizer()

    def of(prompt, **options):
        widths = options.pop("widths", embedding.widths)
        return count_prompt(prompt, tokenizer, library, widths, **{"num_steps": 10} | options)

    of.vectors = embedding.num_vectors
    return of


def test_words_and_vectors_count(count):
    assert count("a photo of a cat") == PromptCount(5, 75, (), ())
    assert count("a (<zyx>:1.3) cat") == PromptCount(2 + count.vectors, 75, ("zyx",), ())


def test_the_longest_step_counts(count):
    assert count("[cat:a red cat on the house:0.5]").num_tokens == 6
    assert count("[cat|a red cat]").num_tokens == 3


def test_a_longer_prompt_takes_more_chunks_and_their_padding_counts(count):
    assert count("cat " * 76).limit == 150
    assert count("cat BREAK dog").num_tokens == 76


def test_each_part_of_and_is_a_prompt_of_its_own(count):
    assert count("a cat AND a red dog").num_tokens == 3


def test_brackets_that_are_text_count(count):
    assert count("(cat)", emphasis="none").num_tokens == 3
    assert count("(cat)").num_tokens == 1


def test_what_is_no_embedding_of_the_model_is_named(count):
    assert count("a <zyx> and <other>").unknown == ("other",)
    assert count("a <zyx>", widths=(1,)).unknown == ("zyx",)
    assert count("a <zyx>", widths=(1,)).names == ()
