import pytest
import torch
from PIL import Image

from benchmarks.quality_bench import rivals
from benchmarks.quality_bench.methods import Ours, facts, train
from benchmarks.quality_bench.rivals import Rival


@pytest.fixture
def folder(tmp_path):
    for colour in ("red", "green"):
        Image.new("RGB", (64, 64), colour).save(tmp_path / f"{colour}.png")
    return tmp_path


@pytest.fixture
def make(stacks, folder):
    pictures = [Image.open(path) for path in sorted(folder.glob("*.png"))]
    return lambda recipe: Rival(stacks["sd1"], pictures, recipe, word="cat", batch=2)


def test_a_rival_moves_its_own_row_alone(make):
    rival = make(rivals.SCRIPT)
    before, table = rival.vectors, rival.model.text.encoders[0].embedding.weight.clone()
    rival.step()
    # AdamW's first step moves each number by the rate, its decay by next to nothing.
    assert (rival.vectors - before).abs().max() == pytest.approx(rivals.SCRIPT.rate, rel=0.05)
    assert torch.equal(rival.model.text.encoders[0].embedding.weight, table)


def test_cross_init_starts_from_what_the_text_encoder_makes_of_the_word(make):
    plain, cross = make(rivals.SCRIPT), make(rivals.CROSS_INIT)
    assert not torch.allclose(plain.vectors, cross.vectors)
    assert cross.vectors.shape == plain.vectors.shape


def test_latents_drawn_once_stay(make):
    once, anew = make(rivals.A1111), make(rivals.SCRIPT)
    assert torch.equal(once._latents([0, 1]), once._latents([0, 1]))
    assert not torch.equal(anew._latents([0, 1]), anew._latents([0, 1]))


def test_vectors_are_kept_at_each_stop(stacks, folder):
    kept = train(stacks["sd1"], rivals.A1111, folder, word="cat", stops=[1, 3])
    shorter = train(stacks["sd1"], rivals.A1111, folder, word="cat", stops=[1])
    assert sorted(kept) == [1, 3]
    assert (kept[1] == shorter[1]).all()
    assert (kept[1] != kept[3]).any()


def test_ours_learns_as_many_vectors_as_asked(stacks, folder):
    kept = train(stacks["sd1"], Ours(num_vectors=2), folder, word="cat", stops=[1])
    assert kept[1].shape == (2, 32)


def test_a_result_of_ours_hangs_on_the_defaults_and_the_code():
    assert facts(rivals.A1111) == repr(rivals.A1111)
    assert "max_steps" in facts(Ours())
    assert facts(Ours()) != facts(Ours({"norm": "fixed"}))
