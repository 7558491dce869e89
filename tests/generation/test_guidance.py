import numpy as np
import pytest

from tests.generation.drawing import drawn, pictures, run


@pytest.mark.slow
def test_brackets_weigh_words_and_an_embedding_alike(zyx):
    plain = drawn("a zyx on red", zyx)
    assert (drawn("a (zyx:1.0) on red", zyx) == plain).all()
    assert (drawn("a (zyx:1.8) on red", zyx) != plain).any()
    assert (drawn("a (zyx:1.8) on red", zyx, emphasis="ignore") == plain).all()
    kept, changed = (drawn("a (zyx:1.8)", zyx, emphasis=how) for how in ("original", "no norm"))
    assert (kept != changed).any()


@pytest.mark.slow
def test_a_prompt_that_switches_is_drawn_with_one_text_and_then_the_other(zyx):
    """Of four calls of the UNet, the first three show step 1, 1 and 2."""
    whole = [drawn(prompt, zyx) for prompt in ("a cat", "a dog")]
    assert (drawn("a [cat:dog:1.0]", zyx) == whole[0]).all()
    assert (drawn("a [cat:dog:0]", zyx) == whole[1]).all()
    switched = drawn("a [cat:dog:2]", zyx)
    assert all((switched != picture).any() for picture in whole)


@pytest.mark.slow
def test_and_adds_up_what_each_prompt_pulls(zyx):
    whole = drawn("a cat", zyx)
    assert np.abs(drawn("a cat:0.25 AND a cat:0.75", zyx) - whole).max() <= 1
    assert np.abs(drawn("a cat:2 AND a cat:-1", zyx) - whole).max() <= 1
    assert np.abs(drawn("a cat AND a dog", zyx) - whole).max() > 1


@pytest.mark.slow
def test_at_scale_one_several_prompts_are_still_mixed(zyx):
    whole = drawn("a cat", zyx, cfg_scale=1.0)
    assert np.abs(drawn("a cat:0.5 AND a cat:0.5", zyx, cfg_scale=1.0) - whole).max() <= 1


@pytest.mark.slow
def test_pictures_of_one_batch_are_those_of_single_ones_with_and(zyx):
    prompt = "a cat AND a dog:0.5"
    batch = pictures(run(prompt, model=zyx, num_images=2))
    single = drawn(prompt, zyx, seed=4)
    assert np.abs(np.asarray(batch[1], int) - single).max() <= 1
