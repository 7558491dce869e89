from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from PIL import Image

from tests.marks import slow
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.diffusers import export
from textual_inversion.events import Finished, Progressed, Sampled, Warned
from textual_inversion.generation.generate import generate
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings, Sampler

PROMPT = "a photo of <zyx> house"
KARRAS = {"use_karras_sigmas": True}
SDE = {"algorithm_type": "sde-dpmsolver++"}
DIFFUSERS = {
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
    "DPM++ 2M SDE": ("DPMSolverMultistepScheduler", SDE),
    "DPM++ 2M SDE Karras": ("DPMSolverMultistepScheduler", SDE | KARRAS),
    "DPM++ SDE": ("DPMSolverSDEScheduler", {"noise_sampler_seed": 3}),
    "DPM++ SDE Karras": ("DPMSolverSDEScheduler", {"noise_sampler_seed": 3} | KARRAS),
    "LMS": ("LMSDiscreteScheduler", {}),
    "LMS Karras": ("LMSDiscreteScheduler", KARRAS),
    "DPM2": ("KDPM2DiscreteScheduler", {}),
    "DPM2 Karras": ("KDPM2DiscreteScheduler", KARRAS),
    "DPM2 a": ("KDPM2AncestralDiscreteScheduler", {}),
    "LCM": ("LCMScheduler", {}),
}
OURS = {"DPM++ 2S a"}


def embedding(width, count=2, name="zyx"):
    rows = torch.randn(count, width, generator=torch.Generator().manual_seed(1))
    return Embedding(name, (rows,), step=5)


def run(prompt=PROMPT, *, control=None, **changes):
    settings = GenerateSettings.build({"prompt": prompt, "steps": 4, "seed": 3}, changes)
    return list(generate(settings, control or Control()))


def pictures(events):
    made = []
    for event in events:
        if isinstance(event, Progressed):
            with Image.open(event.path) as picture:
                picture.load()
            made.append(picture)
    return made


def asked():
    """What `run` asks for, in diffusers' words."""
    seed = torch.Generator().manual_seed(3)
    words = {"negative_prompt": "red", "num_inference_steps": 4, "guidance_scale": 4}
    return {**words, "generator": seed}


@pytest.fixture
def zyx(home, stacks):
    formats.write(embedding(32), home / "embeddings" / "zyx.pt")
    return str(stacks["sd1"])


@pytest.mark.parametrize("kind", [slow(".pt"), ".safetensors"])
@pytest.mark.parametrize(
    "sampler", [name if name == "Euler a" else slow(name) for name in DIFFUSERS]
)
def test_diffusers_draws_the_same_picture_from_our_files(home, stacks, kind, sampler):
    import diffusers

    path = home / "embeddings" / f"zyx{kind}"
    formats.write(embedding(32), path)
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(stacks["sd1"])
    name, extra = DIFFUSERS[sampler]
    pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config, **extra)
    pipe.set_progress_bar_config(disable=True)
    pipe.load_textual_inversion(str(path), token="<zyx>")
    theirs = pipe(PROMPT, **asked())
    (ours,) = pictures(run(negative_prompt="red", sampler=sampler, model=str(stacks["sd1"])))
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs.images[0], int)).max() <= 1


def test_the_bare_name_and_the_brackets_mean_the_same(zyx):
    (bare,) = pictures(run("a photo of zyx house", model=zyx))
    (bracketed,) = pictures(run("a photo of <zyx> house", model=zyx))
    assert bare.tobytes() == bracketed.tobytes()


def test_a_misspelled_name_is_told_with_the_nearest(zyx, home):
    events = run("a <zyxx>, <zyx> and <other>", model=zyx, steps=1)
    folder = home / "embeddings"
    said = [event.message for event in events if isinstance(event, Warned)]
    assert [line.replace(str(folder), "embeddings") for line in said] == [
        "There is no embedding called <zyxx> in embeddings, so it is read as plain text; "
        "did you mean <zyx>?",
        "There is no embedding called <other> in embeddings, so it is read as plain text; "
        "check the name or put its file there.",
    ]


def test_a_name_whose_file_is_broken_is_told_with_the_reason(zyx, home):
    (home / "embeddings" / "bad.pt").write_bytes(b"bad")
    (said,) = [e.message for e in run("a <bad>", model=zyx, steps=1) if isinstance(e, Warned)]
    assert said.startswith("<bad> is read as plain text because its file cannot be used: ")
    assert "bad.pt is damaged" in said


def test_a_bin_file_of_diffusers_answers_to_its_brackets_only(home, stacks):
    export(home / "embeddings" / "dog.bin", embedding(32, name="dog"))
    plain = run("a photo of a dog", model=str(stacks["sd1"]))
    (bare,) = pictures(plain)
    (bracketed,) = pictures(run("a photo of a <dog>", model=str(stacks["sd1"])))
    assert "TI hashes" not in bare.text["parameters"]
    assert 'TI hashes: "dog: ' in bracketed.text["parameters"]
    assert bare.tobytes() != bracketed.tobytes()


def test_a_file_of_the_same_name_is_drawn_with_by_its_ending(zyx, home):
    (alone,) = pictures(run(model=zyx))
    for suffix, seed in ((".safetensors", 1), (".pt", 2)):
        rows = torch.randn(2, 32, generator=torch.Generator().manual_seed(seed))
        formats.write(Embedding("zyx", (rows,)), home / "embeddings" / f"zyx{suffix}")
    (second,) = pictures(run("a photo of <zyx.safetensors> house", model=zyx))
    (first,) = pictures(run(model=zyx))
    assert second.tobytes() == alone.tobytes() != first.tobytes()


def test_the_embedding_changes_the_picture(zyx):
    (with_it,) = pictures(run("a <zyx>", model=zyx))
    (without,) = pictures(run("a zyxw", model=zyx))
    assert with_it.tobytes() != without.tobytes()


def test_a_batch_gives_what_single_seeds_give(zyx):
    both = pictures(run(num_images=2, model=zyx))
    (second,) = pictures(run(seed=4, model=zyx))
    difference = np.abs(np.asarray(both[1], int) - np.asarray(second, int))
    assert difference.max() <= 1


def test_a_picture_tells_how_it_was_made(zyx):
    (picture,) = pictures(run(negative_prompt="red", model=zyx))
    first, negative, facts = picture.text["parameters"].split("\n")
    assert (first, negative) == (PROMPT, "Negative prompt: red")
    assert facts.startswith("Steps: 4, Sampler: DPM++ 2M, CFG scale: 4, Seed: 3, Size: 64x64, ")
    assert 'TI hashes: "zyx: ' in facts


def test_pictures_are_numbered_and_never_overwritten(zyx):
    names = [p.filename.rpartition("/")[2] for _ in range(2) for p in pictures(run(model=zyx))]
    assert names == ["00000-3.png", "00001-3.png"]


def test_an_embedding_of_another_model_is_read_as_text_and_said(zyx, stacks):
    events = run(model=str(stacks["sd2"]))
    (warned,) = [event.message for event in events if isinstance(event, Warned)]
    assert warned == (
        "Cannot load embedding for <zyx>. It was trained on a model with token dimension 32, but "
        "the current model has token dimension 48. Its name is read as plain text."
    )
    assert len(pictures(events)) == 1


def test_an_interrupt_leaves_at_the_next_step_and_writes_nothing(zyx, home):
    control = Control()
    control.stop.set()
    events = run(model=zyx, steps=50, control=control)
    assert events[-1] == Finished(1, "stopped")
    assert not list((home / "outputs").rglob("*.png"))


def test_live_previews_are_small_pictures_in_the_news(zyx):
    settings = GenerateSettings(prompt=PROMPT, steps=4, model=zyx)
    events = list(generate(settings, Control(), live_previews=True))
    first = next(event for event in events if isinstance(event, Sampled))
    assert first.preview.startswith("data:image/jpeg;base64,")


def test_sdxl_takes_both_tensors(home, stacks):
    rows = tuple(torch.randn(2, width) for width in (32, 40))
    formats.write(Embedding("big-x", rows), home / "embeddings" / "big-x.safetensors")
    events = run("a photo of big-x", model=str(stacks["sdxl"]))
    assert not [event for event in events if isinstance(event, Warned)]
    assert pictures(events)[0].size == (64, 64)


def test_sdxl_draws_what_diffusers_draws(home, stacks):
    import diffusers

    pipe = diffusers.StableDiffusionXLPipeline.from_pretrained(stacks["sdxl"])
    pipe.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    theirs = pipe("a photo", **asked())
    events = run("a photo", negative_prompt="red", sampler="Euler", model=str(stacks["sdxl"]))
    ours = pictures(events)[0]
    assert np.abs(np.asarray(ours, int) - np.asarray(theirs.images[0], int)).max() <= 1


def drawn(prompt, model, **changes):
    (picture,) = pictures(run(prompt, model=model, **changes))
    return np.asarray(picture, int)


def infotext(path):
    with Image.open(path) as picture:
        return picture.info["parameters"]


def infotext_of(prompt, model, **changes):
    (event,) = [e for e in run(prompt, model=model, **changes) if isinstance(e, Progressed)]
    return infotext(event.path)


@pytest.mark.slow
def test_brackets_weigh_words_and_an_embedding_alike(zyx):
    plain = drawn("a zyx on red", zyx)
    assert (drawn("a (zyx:1.0) on red", zyx) == plain).all()
    assert (drawn("a (zyx:1.8) on red", zyx) != plain).any()
    assert (drawn("a (zyx:1.8) on red", zyx, emphasis="ignore") == plain).all()
    kept, changed = (drawn("a (zyx:1.8)", zyx, emphasis=how) for how in ("original", "no norm"))
    assert (kept != changed).any()


def test_a_prompt_that_switches_is_drawn_with_one_text_and_then_the_other(zyx):
    """Of four calls of the UNet, the first three show step 1, 1 and 2."""
    whole = [drawn(prompt, zyx) for prompt in ("a cat", "a dog")]
    assert (drawn("a [cat:dog:1.0]", zyx) == whole[0]).all()
    assert (drawn("a [cat:dog:0]", zyx) == whole[1]).all()
    switched = drawn("a [cat:dog:2]", zyx)
    assert all((switched != picture).any() for picture in whole)


def test_and_adds_up_what_each_prompt_pulls(zyx):
    whole = drawn("a cat", zyx)
    assert np.abs(drawn("a cat:0.25 AND a cat:0.75", zyx) - whole).max() <= 1
    assert np.abs(drawn("a cat:2 AND a cat:-1", zyx) - whole).max() <= 1
    assert np.abs(drawn("a cat AND a dog", zyx) - whole).max() > 1


def test_at_scale_one_several_prompts_are_still_mixed(zyx):
    whole = drawn("a cat", zyx, cfg_scale=1.0)
    assert np.abs(drawn("a cat:0.5 AND a cat:0.5", zyx, cfg_scale=1.0) - whole).max() <= 1


def test_pictures_of_one_batch_are_those_of_single_ones_with_and(zyx):
    prompt = "a cat AND a dog:0.5"
    batch = pictures(run(prompt, model=zyx, num_images=2))
    single = drawn(prompt, zyx, seed=4)
    assert np.abs(np.asarray(batch[1], int) - single).max() <= 1


def test_the_infotext_tells_another_emphasis_where_brackets_are(zyx):
    assert "Emphasis: No norm" in infotext_of("a (cat)", zyx, emphasis="no norm")
    assert "Emphasis" not in infotext_of("a cat", zyx, emphasis="no norm")
    assert "Emphasis" not in infotext_of("a (cat)", zyx)


def test_every_sampler_is_held_to_diffusers_or_to_its_formula():
    assert set(get_args(Sampler)) == set(DIFFUSERS) | OURS


def of_diffusers(model, *, sampler="Euler", eta=0.0, **changes):
    import diffusers

    pipe = diffusers.StableDiffusionPipeline.from_pretrained(model)
    name, extra = DIFFUSERS[sampler]
    pipe.scheduler = getattr(diffusers, name).from_config(pipe.scheduler.config, **extra)
    pipe.set_progress_bar_config(disable=True)
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


@pytest.mark.parametrize("sampler", ["Euler a", slow("DPM++ SDE"), slow("DPM++ 2S a")])
def test_batches_go_on_with_the_seeds_and_draw_what_single_ones_draw(zyx, sampler):
    events = run(model=zyx, sampler=sampler, num_images=2, batch_count=2)
    names = [Path(e.path).stem for e in events if isinstance(e, Progressed)]
    assert names == ["00000-3", "00001-4", "00002-5", "00003-6"]
    assert [(e.done, e.total) for e in events if isinstance(e, Progressed)][2] == (3, 4)
    single = drawn(PROMPT, zyx, sampler=sampler, seed=6)
    assert np.abs(np.asarray(pictures(events)[3], int) - single).max() <= 1


def test_a_stop_keeps_the_batches_that_are_done(zyx):
    control = Control()
    events = []
    settings = GenerateSettings.build(
        {"prompt": PROMPT, "steps": 4, "batch_count": 3}, {"model": zyx}
    )
    for event in generate(settings, control):
        events.append(event)
        if isinstance(event, Progressed):
            control.stop.set()
    (written,) = [e for e in events if isinstance(e, Progressed)]
    assert events[-1] == Finished(1, "stopped", str(Path(written.path).parent))


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


def test_the_infotext_tells_what_a_picture_has_beyond_the_usual(zyx):
    text = infotext_of("a cat", zyx, clip_skip=2, cfg_rescale=0.5, eta=0.25, sampler="DDIM")
    assert "Clip skip: 2, CFG Rescale: 0.5, Eta DDIM: 0.25" in text
    usual = infotext_of("a cat", zyx)
    assert not any(name in usual for name in ("Clip skip", "Rescale", "Eta", "Variation"))


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({"eta": 0.5}, "eta"),
        ({"cfg_rescale": 0.5, "cfg_scale": 1}, "cfg_rescale"),
        ({"variation_seed": 5}, "variation_seed"),
    ],
)
def test_what_has_no_effect_is_said(zyx, chosen, field):
    said = [e.message for e in run(model=zyx, steps=1, **chosen) if isinstance(e, Warned)]
    assert [message.split()[0] for message in said] == [field]


def test_clip_skip_on_sdxl_is_said(stacks, home):
    events = run("a cat", model=str(stacks["sdxl"]), steps=1, clip_skip=2)
    assert any(isinstance(e, Warned) and e.message.startswith("clip_skip has") for e in events)
