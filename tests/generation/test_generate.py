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
from textual_inversion.settings import GenerateSettings

PROMPT = "a photo of <zyx> house"
DIFFUSERS = {
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "DDIM": ("DDIMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
}


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
    assert said.startswith("<bad> is read as plain text, since its file cannot be used: ")
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
