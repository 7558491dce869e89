from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import ImageChops, ImageStat

from tests.generation.drawing import PROMPT, embedding, infotext_of, pictures, run
from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.diffusers import export
from textual_inversion.errors import ModelError, SettingsError, StorageError
from textual_inversion.events import Finished, Progressed, Sampled, Warned
from textual_inversion.generation import pictures as files
from textual_inversion.generation.generate import generate
from textual_inversion.generation.params import Hires, SamplingParams
from textual_inversion.models.base import BaseModel
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GenerateSettings


@pytest.mark.slow
def test_the_bare_name_and_the_brackets_mean_the_same(zyx):
    (bare,) = pictures(run("a photo of zyx house", model=zyx))
    (bracketed,) = pictures(run("a photo of <zyx> house", model=zyx))
    assert bare.tobytes() == bracketed.tobytes()


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_a_picture_tells_how_it_was_made(zyx):
    (picture,) = pictures(run(negative_prompt="red", model=zyx))
    first, negative, facts = picture.text["parameters"].split("\n")
    assert (first, negative) == (PROMPT, "Negative prompt: red")
    assert facts.startswith("Steps: 4, Sampler: DPM++ 2M, CFG scale: 4, Seed: 3, Size: 64x64, ")
    assert 'TI hashes: "zyx: ' in facts


def test_pictures_are_numbered_and_never_overwritten(zyx):
    names = [p.filename.rpartition("/")[2] for _ in range(2) for p in pictures(run(model=zyx))]
    assert names == ["00000-3.png", "00001-3.png"]


@pytest.mark.slow
def test_an_embedding_of_another_model_is_read_as_text_and_said(zyx, stacks):
    events = run(model=str(stacks["sd2"]))
    (warned,) = [event.message for event in events if isinstance(event, Warned)]
    assert warned == (
        "Cannot load embedding for <zyx>. It was trained on a model with token dimension 32, but "
        "the current model has token dimension 48. Its name is read as plain text."
    )
    assert len(pictures(events)) == 1


@pytest.mark.slow
def test_an_interrupt_leaves_at_the_next_step_and_keeps_what_is_there(zyx, home):
    control = Control()
    control.stop.set()
    events = run(model=zyx, steps=50, num_images=2, batch_count=2, control=control)
    (folder,) = (home / "outputs").iterdir()
    assert events[-1] == Finished(2, "stopped", str(Path("outputs") / folder.name))
    assert [event.step for event in events if isinstance(event, Sampled)] == [1]
    assert [e.done for e in events if isinstance(e, Progressed)] == [1, 2]
    assert len(list(folder.glob("*.png"))) == 2


def test_what_is_skipped_is_left_out_and_the_next_batch_is_drawn(zyx):
    control, events = Control(), []
    settings = GenerateSettings(prompt=PROMPT, steps=4, seed=3, batch_count=2, model=zyx)
    for event in generate(settings, control):
        events.append(event)
        if isinstance(event, Sampled) and event.step == 2:
            control.ask("skip")
    steps = [event.step for event in events if isinstance(event, Sampled)]
    assert steps == [1, 2, 5, 6, 7, 8]
    (path,) = [event.path for event in events if isinstance(event, Progressed)]
    assert (Path(path).stem, events[-1].reason) == ("00000-4", "finished")


def test_live_previews_are_small_pictures_in_the_news(zyx):
    settings = GenerateSettings(prompt=PROMPT, steps=4, model=zyx)
    events = list(generate(settings, Control(), live_previews=True))
    first = next(event for event in events if isinstance(event, Sampled))
    assert first.preview.startswith("data:image/jpeg;base64,")


@pytest.mark.slow
def test_sdxl_takes_both_tensors(home, stacks):
    rows = tuple(torch.randn(2, width) for width in (32, 40))
    formats.write(Embedding("big-x", rows), home / "embeddings" / "big-x.safetensors")
    events = run("a photo of big-x", model=str(stacks["sdxl"]))
    assert not [event for event in events if isinstance(event, Warned)]
    assert pictures(events)[0].size == (64, 64)


@pytest.mark.slow
def test_the_infotext_tells_another_emphasis_where_brackets_are(zyx):
    assert "Emphasis: No norm" in infotext_of("a (cat)", zyx, emphasis="no norm")
    assert "Emphasis" not in infotext_of("a cat", zyx, emphasis="no norm")
    assert "Emphasis" not in infotext_of("a (cat)", zyx)


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


@pytest.mark.slow
def test_clip_skip_on_sdxl_is_said(stacks, home):
    events = run("a cat", model=str(stacks["sdxl"]), steps=1, clip_skip=2)
    assert any(isinstance(e, Warned) and e.message.startswith("clip_skip has") for e in events)


@pytest.mark.slow
def test_a_size_that_the_autoencoder_cannot_is_said(home):
    """With five blocks, a latent stands for sixteen pixels."""
    from tests import tiny

    with pytest.raises(SettingsError) as refused:
        run("a cat", model=str(tiny.build(home / "models" / "coarse", factor=16)), width=72)
    assert str(refused.value) == "width must be a multiple of 16 with coarse (got 72); try 64."


@pytest.mark.parametrize("seed", [-2, 2**32])
def test_a_seed_out_of_range_is_said(seed):
    with pytest.raises(SettingsError, match=r"^seed must be (at least -1|less than 4294967296)"):
        GenerateSettings.build({"prompt": "a cat", "seed": seed})


@pytest.mark.slow
def test_tiles_draw_nearly_the_same_picture(zyx):
    whole, tiled = (
        pictures(run("a cat", model=zyx, width=128, vae_tiling=how))[0] for how in ("off", "on")
    )
    assert (whole.size, tiled.size) == ((128, 64), (128, 64))
    assert whole.tobytes() != tiled.tobytes()
    distance = ImageStat.Stat(ImageChops.difference(whole, tiled)).mean
    assert max(distance) < 12


def test_tiles_come_by_themselves_above_a_megapixel():
    settings = {"prompt": "", "negative_prompt": "", "sampler": "Euler", "steps": 1, "seeds": (0,)}
    sizes = [(1024, 1024), (1032, 1024), (512, 512)]
    made = [SamplingParams(**settings, cfg_scale=1, width=w, height=h) for w, h in sizes]
    assert [params.is_tiled for params in made] == [False, True, False]
    larger = Hires(1536, 1536, 3.0, "Latent", 0.5, 0)
    assert replace(made[2], hires=larger).is_tiled


@pytest.mark.parametrize("weight", ["1000000", "-1000000", "0", "0.000001"])
def test_a_weight_however_large_is_drawn_as_a1111_reads_it(zyx, weight):
    (picture,) = pictures(run(f"a (red:{weight}) <zyx>", model=zyx, steps=1))
    assert picture.size == (64, 64)


def test_weights_beyond_all_numbers_are_said_and_leave_no_picture(zyx, home):
    with pytest.raises(ModelError, match=r"grew beyond all bounds \(NaN\); lower the weights"):
        run(f"(red:{'9' * 60})", model=zyx, steps=1)
    assert not list((home / "outputs").rglob("*.png"))


def test_an_output_folder_that_is_a_file_is_said_before_anything_is_drawn(zyx, home):
    (home / "taken").write_text("")
    drawing = generate(
        GenerateSettings(prompt="a", model=zyx, output=str(home / "taken")), Control()
    )
    with pytest.raises(StorageError, match="Could not make the folder of the pictures"):
        assert [event for event in drawing if isinstance(event, Sampled)] == []


@pytest.mark.slow
def test_small_pictures_are_decoded_together_and_large_ones_are_not(zyx, monkeypatch):
    decoded, decode = [], BaseModel.decode

    def counted(model, latents, **options):
        decoded.append(len(latents))
        return decode(model, latents, **options)

    monkeypatch.setattr(BaseModel, "decode", counted)
    run("a <zyx>", model=zyx, steps=1, num_images=3)
    monkeypatch.setattr(files, "_PIXELS_AT_ONCE", 2 * 64 * 64)
    run("a <zyx>", model=zyx, steps=1, num_images=3)
    run("a <zyx>", model=zyx, steps=1, num_images=2, width=128)
    assert decoded == [3, 2, 1, 1, 1]
