"""Pictures that begin from a picture are those of diffusers' img2img and inpainting."""

import numpy as np
import pytest
from PIL import Image

from tests.generation.drawing import (
    asked,
    drawn,
    infotext_of,
    mask_of,
    pictures,
    pipeline,
    run,
    scene,
)
from tests.marks import slow

LIKE = {"negative_prompt": "red"}


@pytest.fixture
def begin(zyx, home):
    return {"model": zyx, "init_image": scene(home / "scene.png"), **LIKE}


def largest(ours, theirs):
    return np.abs(ours - np.asarray(theirs, int)).max()


@pytest.mark.slow
@pytest.mark.parametrize(
    "sampler",
    [
        "Euler",
        slow("DPM++ 2M"),
        slow("DDIM"),
        slow("Euler a"),
        slow("Heun"),
        slow("UniPC"),
        slow("LCM"),
    ],
)
def test_img2img_draws_what_diffusers_draws(begin, sampler):
    pipe = pipeline("StableDiffusionImg2ImgPipeline", begin["model"], sampler)
    with Image.open(begin["init_image"]) as picture:
        (theirs,) = pipe("a cat", image=picture, strength=0.6, **asked()).images
    assert largest(drawn("a cat", strength=0.6, sampler=sampler, **begin), theirs) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0.5, slow(1.0)])
@pytest.mark.parametrize("sampler", ["DDIM", slow("Euler"), slow("DPM++ 2M"), slow("Heun")])
def test_inpainting_draws_what_diffusers_draws_and_keeps_the_rest(begin, home, sampler, strength):
    mask = mask_of(home / "mask.png", (16, 8, 48, 64))
    pipe = pipeline("StableDiffusionInpaintPipeline", begin["model"], sampler)
    with Image.open(begin["init_image"]) as picture, Image.open(mask) as area:
        (theirs,) = pipe(
            "a cat", image=picture, mask_image=area, strength=strength, **asked()
        ).images
        kept, inside = np.asarray(picture, int), np.asarray(area)[..., None] > 0
    how = {"mask": mask, "mask_blur": 0, "strength": strength, "sampler": sampler}
    ours = drawn("a cat", **how, **begin)
    assert largest(ours, np.where(inside, theirs, kept)) <= 1


@pytest.mark.slow
def test_sdxl_begins_from_a_picture_as_diffusers_does(stacks, home):
    path = scene(home / "scene.png")
    pipe = pipeline("StableDiffusionXLImg2ImgPipeline", stacks["sdxl"], "Euler")
    with Image.open(path) as picture:
        (theirs,) = pipe("a cat", image=picture, strength=0.6, **asked()).images
    begin = {"init_image": path, "strength": 0.6, "sampler": "Euler", **LIKE}
    assert largest(drawn("a cat", str(stacks["sdxl"]), **begin), theirs) <= 1


@pytest.mark.parametrize(
    "sampler", [slow("DPM++ 2S a"), slow("DPM++ SDE"), slow("DPM2 a"), slow("PNDM")]
)
def test_little_strength_stays_near_the_picture(begin, sampler):
    with Image.open(begin["init_image"]) as picture:
        wanted = np.asarray(picture, int)
    distances = [
        np.abs(drawn("a cat", strength=strength, sampler=sampler, **begin) - wanted).mean()
        for strength in (0, 1)
    ]
    assert distances[0] < distances[1]


@pytest.mark.slow
def test_pictures_of_one_batch_are_those_of_single_ones(begin):
    both = pictures(run("a cat", num_images=2, **begin))
    (second,) = pictures(run("a cat", seed=4, **begin))
    assert largest(np.asarray(both[1], int), second) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("content", ["fill", slow("latent noise"), slow("latent nothing")])
def test_what_stands_under_the_mask_at_first_changes_the_picture(begin, home, content):
    begin |= {"mask": mask_of(home / "mask.png", (16, 16, 48, 48)), "mask_blur": 0}
    original, other = (drawn("a cat", masked_content=how, **begin) for how in ("original", content))
    assert (original != other).any()
    assert (original[:16] == other[:16]).all()


def test_only_what_is_masked_is_drawn_at_the_full_size_and_put_back(begin, home):
    begin |= {"init_image": scene(home / "wide.png", (160, 96))}
    begin |= {"mask": mask_of(home / "mask.png", (96, 32, 128, 64), (160, 96)), "mask_blur": 0}
    made = drawn("a cat", inpaint_area="only masked", inpaint_padding=8, **begin)
    with Image.open(begin["init_image"]) as picture:
        changed = (made != np.asarray(picture, int)).any(axis=2)
    down, across = np.nonzero(changed)
    assert (made.shape, down.min() >= 32, across.max() < 128) == ((96, 160, 3), True, True)
    assert changed[32:64, 96:128].mean() > 0.9


def test_the_infotext_tells_the_strength_and_the_mask(begin, home):
    begin |= {"mask": mask_of(home / "mask.png", (16, 16, 48, 48)), "inpaint_area": "only masked"}
    text = infotext_of("a cat", strength=0.5, invert_mask=True, **begin)
    assert (
        "Denoising strength: 0.5, Resize mode: Crop and resize, Mask blur: 4, Masked content: "
        "original, Mask mode: Inpaint not masked, Inpaint area: Only masked, "
        "Masked area padding: 32"
    ) in text
