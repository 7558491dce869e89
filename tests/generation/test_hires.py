import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from tests.generation.drawing import asked, drawn, infotext_of, pipeline, run
from tests.marks import slow
from textual_inversion.errors import SettingsError
from textual_inversion.events import Sampled, Started, Warned

HIRES = {"hires_fix": True, "hires_scale": 1.5, "sampler": "Euler", "negative_prompt": "red"}


@pytest.mark.slow
def test_the_second_pass_is_diffusers_img2img_on_enlarged_latents(zyx):
    first = pipeline("StableDiffusionPipeline", zyx, "Euler")
    latents = first("a cat", output_type="latent", **asked()).images
    second = pipeline("StableDiffusionImg2ImgPipeline", zyx, "Euler")
    more = asked() | {"num_inference_steps": 8, "generator": torch.Generator().manual_seed(3)}
    (theirs,) = second(
        "a cat", image=interpolate(latents, size=(12, 12), mode="bilinear"), strength=0.5, **more
    ).images
    ours = drawn("a cat", zyx, hires_strength=0.5, **HIRES)
    assert ours.shape == (96, 96, 3)
    # Other processors round a few pixels otherwise; bicubic latents would be 6 away.
    assert np.abs(ours - np.asarray(theirs, int)).mean() < 0.05


@pytest.mark.parametrize(
    "upscaler", [slow("Lanczos"), slow("Nearest"), slow("Latent (nearest-exact)")]
)
def test_each_upscaler_draws_at_the_larger_size_and_differently(zyx, upscaler):
    latent, other = (
        drawn("a cat", zyx, hires_upscaler=how, **HIRES) for how in ("Latent", upscaler)
    )
    assert (latent.shape, other.shape) == ((96, 96, 3), (96, 96, 3))
    assert (latent != other).any()


@pytest.mark.slow
def test_steps_count_through_both_passes(zyx):
    events = run("a cat", model=zyx, hires_steps=3, batch_count=2, **HIRES)
    assert [e.total for e in events if isinstance(e, Started)] == [14]
    assert [e.step for e in events if isinstance(e, Sampled)] == list(range(1, 15))


@pytest.mark.slow
def test_the_infotext_tells_it_in_a1111s_words(zyx):
    text = infotext_of("a cat", zyx, hires_steps=2, **HIRES)
    assert "Size: 64x64" in text
    assert (
        "Denoising strength: 0.7, Hires upscale: 1.5, Hires upscaler: Latent, Hires steps: 2"
    ) in text


def test_it_has_no_effect_on_a_picture_to_begin_from(zyx, home):
    from tests.generation.drawing import scene

    events = run("a cat", model=zyx, hires_fix=True, init_image=scene(home / "a.png"), steps=1)
    (said,) = [e.message for e in events if isinstance(e, Warned)]
    assert said == "hires_fix has no effect here; it only counts without an initial picture."


def test_a_size_that_is_too_large_is_said(zyx):
    with pytest.raises(SettingsError, match="hires_scale 4 would make pictures of 8192 x 8192"):
        run("a cat", model=zyx, width=2048, height=2048, **HIRES | {"hires_scale": 4})
