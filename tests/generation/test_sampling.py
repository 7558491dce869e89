"""Pictures are those of diffusers' pipelines, or follow from their formulas."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from tests.generation.drawing import (
    DIFFUSERS,
    PROMPT,
    asked,
    drawn,
    embedding,
    infotext,
    pictures,
    pipeline,
    run,
)
from tests.marks import slow
from textual_inversion.embeddings import formats
from textual_inversion.events import Progressed
from textual_inversion.settings import Sampler

OURS = {"DPM++ 2S a"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [slow(".pt"), ".safetensors"])
@pytest.mark.parametrize(
    "sampler", [name if name == "Euler a" else slow(name) for name in DIFFUSERS]
)
def test_diffusers_draws_the_same_picture_from_our_files(home, stacks, kind, sampler):
    path = home / "embeddings" / f"zyx{kind}"
    formats.write(embedding(32), path)
    pipe = pipeline("StableDiffusionPipeline", stacks["sd1"], sampler)
    pipe.load_textual_inversion(str(path), token="<zyx>")
    theirs = pipe(PROMPT, **asked())
    (ours,) = pictures(run(negative_prompt="red", sampler=sampler, model=str(stacks["sd1"])))
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs.images[0], int)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(("negative", "theirs"), [("red", "red"), ("", None)])
def test_sdxl_draws_what_diffusers_draws(home, stacks, negative, theirs):
    pipe = pipeline("StableDiffusionXLPipeline", stacks["sdxl"], "Euler")
    expected = pipe("a photo", **asked() | {"negative_prompt": theirs}).images[0]
    events = run("a photo", negative_prompt=negative, sampler="Euler", model=str(stacks["sdxl"]))
    ours = pictures(events)[0]
    assert np.abs(np.asarray(ours, int) - np.asarray(expected, int)).max() <= 1


@pytest.mark.slow
def test_an_embedding_in_the_negative_prompt_is_drawn_as_diffusers_draws_it(zyx, home):
    pipe = pipeline("StableDiffusionPipeline", zyx, "Euler")
    pipe.load_textual_inversion(str(home / "embeddings" / "zyx.pt"), token="<zyx>")
    theirs = pipe("a cat", **asked() | {"negative_prompt": "a <zyx>"}).images[0]
    ours = drawn("a cat", zyx, negative_prompt="a <zyx>", sampler="Euler")
    assert np.abs(ours - np.asarray(theirs, int)).max() <= 1
    assert (ours != drawn("a cat", zyx, negative_prompt="a", sampler="Euler")).any()


def test_every_sampler_is_held_to_diffusers_or_to_its_formula():
    assert set(get_args(Sampler)) == set(DIFFUSERS) | OURS


def of_diffusers(model, *, sampler="Euler", eta=0.0, **changes):
    pipe = pipeline("StableDiffusionPipeline", model, sampler)
    # For a clip skip, diffusers 0.42 looks where older transformers had the final layer norm.
    object.__setattr__(pipe.text_encoder, "text_model", pipe.text_encoder)
    return np.asarray(pipe("a red cat", eta=eta, **asked() | changes).images[0], int)


def finer(ours, theirs):
    return pytest.param(ours, theirs, marks=pytest.mark.slow)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        # diffusers reads the negative prompt's last layer whatever is asked: so without guidance.
        (
            {"clip_skip": 2, "sampler": "Euler", "cfg_scale": 1.0},
            {"clip_skip": 1, "guidance_scale": 1.0},
        ),
        finer({"cfg_rescale": 0.6, "sampler": "Euler"}, {"guidance_rescale": 0.6}),
        finer({"eta": 0.7, "sampler": "DDIM"}, {"eta": 0.7, "sampler": "DDIM"}),
    ],
)
def test_what_is_finer_is_what_diffusers_draws(zyx, ours, theirs):
    made = drawn("a red cat", zyx, negative_prompt="red", **ours)
    assert np.abs(made - of_diffusers(zyx, **theirs)).max() <= 1
    assert (made != of_diffusers(zyx, sampler=ours["sampler"])).any()


@pytest.mark.slow
def test_a_batch_gives_what_single_seeds_give(zyx):
    both = pictures(run(num_images=2, model=zyx))
    (second,) = pictures(run(seed=4, model=zyx))
    difference = np.abs(np.asarray(both[1], int) - np.asarray(second, int))
    assert difference.max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["Euler a", slow("DPM++ SDE"), slow("DPM++ 2S a")])
def test_batches_go_on_with_the_seeds_and_draw_what_single_ones_draw(zyx, sampler):
    events = run(model=zyx, sampler=sampler, num_images=2, batch_count=2)
    names = [Path(e.path).stem for e in events if isinstance(e, Progressed)]
    assert names == ["00000-3", "00001-4", "00002-5", "00003-6"]
    assert [(e.done, e.total) for e in events if isinstance(e, Progressed)][2] == (3, 4)
    single = drawn(PROMPT, zyx, sampler=sampler, seed=6)
    assert np.abs(np.asarray(pictures(events)[3], int) - single).max() <= 1


@pytest.mark.slow
def test_a_variation_lies_between_two_seeds(zyx):
    first, other = drawn(PROMPT, zyx, seed=3), drawn(PROMPT, zyx, seed=8)
    varied = {"variation_seed": 8, "seed": 3}
    assert (drawn(PROMPT, zyx, **varied) == first).all()
    assert np.abs(drawn(PROMPT, zyx, variation_strength=1, **varied) - other).max() <= 1
    between = drawn(PROMPT, zyx, variation_strength=0.3, **varied)
    assert (between != first).any()
    assert (between != other).any()


def test_several_variations_have_one_seed_and_say_so(zyx):
    events = run(model=zyx, num_images=2, variation_seed=8, variation_strength=0.5)
    texts = [infotext(e.path) for e in events if isinstance(e, Progressed)]
    assert ["Seed: 3" in text for text in texts] == [True, True]
    assert [
        "Variation seed: 8, Variation seed strength: 0.5" in texts[0],
        "Variation seed: 9" in texts[1],
    ]
