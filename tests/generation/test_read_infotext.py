import pytest

from textual_inversion.generation.read_infotext import parse_infotext
from textual_inversion.settings import GenerateSettings

THEIRS = """a (photo:1.2) of <lora:x:1> zyx,
on a hill: green
Negative prompt: blurry, low
quality
Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 6.5, Seed: 7, Size: 640x512, \
Model hash: 6ce0161689, Model: v1-5-pruned, Denoising strength: 0.45, Clip skip: 2, \
Hires upscale: 1.5, Hires steps: 9, Hires upscaler: Latent, TI hashes: "zyx: 12, dog: 34", \
Version: v1.10.1"""


def test_a1111s_own_is_read():
    read = parse_infotext(THEIRS)
    assert read["prompt"] == "a (photo:1.2) of <lora:x:1> zyx,\non a hill: green"
    assert read["negative_prompt"] == "blurry, low\nquality"
    told = {
        "sampler": "DPM++ 2M Karras", "steps": 25, "cfg_scale": 6.5, "seed": 7, "width": 640,
        "height": 512, "clip_skip": 2, "hires_fix": True, "hires_scale": 1.5, "hires_steps": 9,
        "hires_upscaler": "Latent", "hires_strength": 0.45, "model": "v1-5-pruned",
    }  # fmt: skip
    assert {name: read[name] for name in told} == told
    assert "strength" not in read


def test_what_a_picture_does_not_tell_goes_back_to_its_default():
    read = parse_infotext("a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1")
    assert (read["sampler"], read["clip_skip"], read["hires_fix"]) == ("Euler a", 1, False)
    assert GenerateSettings.build(read).negative_prompt == ""


@pytest.mark.parametrize("text", ["", "a cat", "a cat\nSteps: 20", "one: 1, two: 2\nthree", "\0"])
def test_what_is_no_infotext_tells_nothing(text):
    assert parse_infotext(text) == {}


def test_what_is_not_known_here_is_left_out():
    read = parse_infotext("a\nSteps: many, Sampler: Restart, CFG scale: 7, Seed: 1, Size: big")
    assert not {"steps", "sampler", "width"} & set(read)
    assert read["seed"] == 1


def test_what_is_written_here_is_read_here():
    from textual_inversion.generation.batches import make_batches
    from textual_inversion.generation.infotext import infotext

    class Known:
        class info:  # noqa: N801
            size, vae_scale_factor, name = 64, 8, "tiny"

    asked = {
        "prompt": "a (cat:1.2)", "negative_prompt": "red", "sampler": "DDIM", "steps": 9,
        "cfg_scale": 6.0, "seed": 3, "clip_skip": 2, "cfg_rescale": 0.5, "eta": 0.25,
        "variation_seed": 5, "variation_strength": 0.5, "emphasis": "no norm", "width": 72,
        "height": 64, "init_image": "a.png", "mask": "m.png", "strength": 0.5, "mask_blur": 2,
        "resize_mode": "just resize", "masked_content": "fill", "inpaint_area": "only masked",
        "inpaint_padding": 8,
    }  # fmt: skip
    (params,) = make_batches(GenerateSettings.build(asked), Known)
    read = parse_infotext(infotext(params, 0, model="tiny", model_hash="12", words={"cat": "ab"}))
    # Where the files lay is no business of others.
    told = {name: value for name, value in asked.items() if name not in {"init_image", "mask"}}
    assert {name: read[name] for name in told} == told
