import pytest
import torch

from tests import tiny
from textual_inversion.models.families.sd import StableDiffusion
from textual_inversion.models.families.sdxl import StableDiffusionXL
from textual_inversion.models.text_encoders import TextEncoder, TextStack
from textual_inversion.models.token_embedding import SplicedEmbedding
from textual_inversion.prompts.chunks import count_tokens
from textual_inversion.prompts.emphasis import BREAK, Fragment


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    tokens = tiny.tokenizer()
    model = tiny.text_encoder(tokens, 32).eval().requires_grad_(False)
    return TextEncoder(tokens, model, StableDiffusion())


def word(count, value=0.1):
    return (torch.full((count, 32), value),)


def test_negative_ids_are_learned_rows_and_the_table_stays():
    table = torch.nn.Embedding(5, 3)
    before = table.weight.detach().clone()
    embedding = SplicedEmbedding(table)
    rows = torch.tensor([[1.0, 1, 1], [2, 2, 2]])
    with embedding.rows(rows):
        out = embedding(torch.tensor([[4, -1, 0, -2]]))
    assert torch.equal(out[0], torch.stack([before[4], rows[0], before[0], rows[1]]))
    assert torch.equal(table.weight, before)


def test_rows_are_forgotten_after_the_block():
    embedding = SplicedEmbedding(torch.nn.Embedding(5, 3))
    with pytest.raises(RuntimeError, match="stop"), embedding.rows(torch.ones(1, 3)):
        raise RuntimeError("stop")
    assert torch.equal(embedding(torch.tensor([-1])), embedding(torch.tensor([0])))


def test_an_embedding_equal_to_a_words_row_reads_like_the_word(encoder):
    stack = TextStack([encoder])
    (row,) = encoder.token_ids("cat")
    words = {"zyx": (encoder.token_rows([row]),)}
    assert torch.equal(
        stack.encode(["a zyx house"], words).hidden, stack.encode(["a cat house"], {}).hidden
    )


def test_gradients_reach_the_vectors_and_nothing_else(encoder):
    vectors = torch.zeros(2, 32, requires_grad=True)
    TextStack([encoder]).encode(["a zyx"], {"zyx": (vectors,)}).hidden.sum().backward()
    assert vectors.grad.abs().sum(dim=1).gt(0).all()
    assert all(p.grad is None for p in encoder.model.parameters())


def test_each_different_prompt_is_encoded_once(encoder, monkeypatch):
    sizes = []
    run = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda c, r, **o: sizes.append(len(c)) or run(c, r, **o))
    out = TextStack([encoder]).encode(["a cat", "a dog", "a cat"], {})
    assert sizes == [2]
    assert torch.equal(out.hidden[0], out.hidden[2])


def test_an_embedding_is_never_cut_in_two(encoder):
    chunks = encoder.chunks("cat " * 70 + "zyx dog", {"zyx": (0, 10)})
    assert [len(chunk.ids) for chunk in chunks] == [70, 11]
    assert chunks[1].ids[:10] == [-1 - row for row in range(10)]


def test_long_and_short_prompts_go_together(encoder):
    stack = TextStack([encoder])
    out = stack.encode(["cat " * 100, "dog"], {})
    assert out.hidden.shape == (2, 2 * 77, 32)
    assert torch.equal(out.hidden[1, :77], stack.encode(["dog"], {}).hidden[0])


def test_tokens_are_counted_with_the_vectors(encoder):
    assert count_tokens(encoder.chunks("a photo of <zyx>", {"zyx": (0, 8)})) == 11


def test_the_padding_of_a_chunk_counts_as_tokens(encoder):
    """As A1111's counter does: 70 words and eight vectors that do not fit beside them are 83."""
    assert count_tokens(encoder.chunks("cat " * 70 + "<zyx>", {"zyx": (0, 8)})) == 83


WEIGHED = (Fragment("a "), Fragment("zyx", 1.5, "zyx"), Fragment(" cat", 0.5))


@pytest.mark.parametrize("keep_mean", [True, False])
def test_weights_multiply_the_encoders_output(encoder, keep_mean):
    stack, words = TextStack([encoder]), {"zyx": word(2)}
    plain = stack.encode(["a zyx cat"], words).hidden
    factors = torch.ones(77, 1)
    factors[2:4], factors[4] = 1.5, 0.5  # behind the begin mark and "a"
    expected = plain * factors
    if keep_mean:
        expected = expected * (plain.mean() / expected.mean())
    weighed = stack.encode([WEIGHED], words, keep_mean=keep_mean).hidden
    torch.testing.assert_close(weighed, expected)


def test_each_prompt_keeps_its_own_mean(encoder):
    stack, words = TextStack([encoder]), {"zyx": word(2)}
    together = stack.encode(["a dog", WEIGHED], words).hidden
    torch.testing.assert_close(together[1], stack.encode([WEIGHED], words).hidden[0])
    torch.testing.assert_close(together[0], stack.encode(["a dog"], words).hidden[0])


def test_break_fills_up_the_chunk(encoder):
    stack = TextStack([encoder])
    broken = stack.encode([(Fragment("a cat"), BREAK, Fragment("a dog"))], {}).hidden
    apart = [stack.encode([text], {}).hidden for text in ("a cat", "a dog")]
    assert torch.equal(broken, torch.cat(apart, dim=1))


def test_two_embeddings_in_one_prompt_keep_their_own_rows(encoder):
    first, second = word(1, 0.3), word(2, -0.3)
    stack = TextStack([encoder])
    both = stack.encode(["a one and two"], {"one": first, "two": second}).hidden
    other_order = stack.encode(["a one and two"], {"two": second, "one": first}).hidden
    assert torch.equal(both, other_order)


def test_the_end_mark_is_found_behind_learned_words():
    """Old CLIP configurations (eos_token_id 2) look for the greatest id."""
    tokens = tiny.tokenizer()
    model = tiny.text_encoder(tokens, 40, projection=True).eval().requires_grad_(False)
    model.text_model.eos_token_id = 2
    stack = TextStack([TextEncoder(tokens, model, StableDiffusionXL())])
    vectors = torch.randn(1, 40, generator=torch.Generator().manual_seed(0))
    seen = stack.encode(["cat zyx"], {"zyx": (vectors,)}).pooled
    model.text_model.eos_token_id = tokens.eos_token_id
    assert torch.equal(seen, stack.encode(["cat zyx"], {"zyx": (vectors,)}).pooled)
