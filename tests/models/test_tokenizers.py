"""A separate tokenizer in place of the base model's own."""

import json

import pytest
import torch

from tests import tiny
from textual_inversion.errors import ModelError
from textual_inversion.models import opening
from textual_inversion.models.catalog import describe_model
from textual_inversion.models.opening import open_model
from textual_inversion.models.tokenizers import open_tokenizers


@pytest.fixture
def swapped(home):
    """A tokenizer that takes cats for dogs, by its name."""
    return tiny.swapped_tokenizer(home / "models" / "swapped", "cat", "dog").name


def ids(model, text):
    return [encoder.token_ids(text) for encoder in model.text.encoders]


@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_a_text_is_read_by_the_separate_tokenizer(stacks, swapped, kind):
    own, other = (open_model(str(stacks[kind]), tokenizer=name) for name in ("", swapped))
    assert ids(other, "a red cat") == ids(own, "a red dog") != ids(own, "a red cat")
    read, said = other.text.encode(["a cat"], {}), own.text.encode(["a dog"], {})
    assert torch.equal(read.hidden, said.hidden)


def test_both_encoders_of_an_xl_model_pad_as_before(stacks, swapped):
    info = describe_model(str(stacks["sdxl"]))
    own, other = open_tokenizers(info), open_tokenizers(info, swapped)
    assert [t.pad_token for t in other] == [t.pad_token for t in own] == ["<|endoftext|>", "!"]


def test_a_single_tokenizer_pads_its_own_way(stacks, swapped):
    (other,) = open_tokenizers(describe_model(str(stacks["sd2"])), swapped)
    assert other.pad_token == "<|endoftext|>"


def test_the_weights_are_shared_and_each_tokenizer_has_its_own_model(stacks, swapped):
    own = open_model(str(stacks["sd1"]))
    other = open_model(str(stacks["sd1"]), tokenizer=swapped)
    assert other is open_model(str(stacks["sd1"]), tokenizer=swapped) is not own
    assert other.unet is own.unet
    assert other.text.encoders[0].model is own.text.encoders[0].model


def test_of_separate_tokenizers_only_the_latest_stays_in_memory(home, stacks, swapped):
    again = tiny.swapped_tokenizer(home / "models" / "again", "red", "blue").name
    for name in ("", swapped, again):
        open_model(str(stacks["sd1"]), tokenizer=name)
    assert {options.tokenizer for options in opening._opened[0].models} == {"", again}


def test_more_tokens_than_the_text_encoder_knows_are_one_sentence(home, stacks):
    larger = tiny.tokenizer()
    larger.add_tokens(["extra-one"])
    larger.save_pretrained(home / "larger")
    with pytest.raises(ModelError, match=r"larger has 126 tokens, and the text encoder .* 125;"):
        open_model(str(stacks["sd1"]), tokenizer="larger")


def test_other_marks_of_a_texts_ends_are_one_sentence(home, stacks):
    tiny.swapped_tokenizer(home / "other", "cat", "dog")
    file = home / "other" / "tokenizer.json"
    ends = {"<|startoftext|>": 124, "<|endoftext|>": 123}
    told = json.loads(file.read_text())
    told["model"]["vocab"] |= ends
    told["added_tokens"] = [{**t, "id": ends[t["content"]]} for t in told["added_tokens"]]
    file.write_text(json.dumps(told))
    with pytest.raises(ModelError, match="other begins a text with the token 124 and ends it with"):
        open_model(str(stacks["sd1"]), tokenizer="other")


def test_a_broken_tokenizer_is_one_sentence(home, stacks):
    (home / "broken").mkdir()
    (home / "broken" / "tokenizer.json").write_text("[")
    with pytest.raises(ModelError, match=r"The tokenizer .*broken cannot be read .* copy it again"):
        open_model(str(stacks["sd1"]), tokenizer="broken")
