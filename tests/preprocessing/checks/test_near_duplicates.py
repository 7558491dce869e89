import pytest
from PIL import Image, ImageFilter

from preprocessing.checks.near_duplicates import color_thumbnail, gradient_hash, group_duplicates
from preprocessing.checks.sharpness import BLURRED_BELOW, sharpness


def scene(seed):
    """Large soft patches, as in a photograph; another seed is another scene."""
    channels = [Image.new("L", (6, 6)) for _ in range(3)]
    for k, channel in enumerate(channels):
        channel.putdata([(seed * 7919 + k * 104729 + p * p * 31) % 251 for p in range(36)])
    return Image.merge("RGB", channels).resize((128, 128), Image.Resampling.BICUBIC)


def groups(*images):
    return group_duplicates(
        [gradient_hash(i) for i in images], [color_thumbnail(i) for i in images]
    )


CHANGES = {
    "smaller": lambda image: image.resize((90, 90)),
    "darker": lambda image: image.point(lambda value: value * 0.95),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "cut a little": lambda image: image.crop((2, 2, 126, 126)),
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_a_slightly_changed_copy_is_alike(change):
    assert groups(scene(1), scene(2), CHANGES[change](scene(1))) == [[0, 2]]


def test_other_scenes_are_not_alike():
    assert groups(*[scene(seed) for seed in range(12)]) == []


def test_flat_pictures_of_other_colours_are_not_alike():
    assert groups(*[Image.new("RGB", (64, 64), c) for c in ("red", "green", "blue")]) == []


def test_likeness_is_handed_on():
    steps = [scene(3).point(lambda value, k=k: value * (1 - 0.04 * k)) for k in range(4)]
    assert groups(scene(9), *steps) == [[1, 2, 3, 4]]


def test_few_pictures_are_borne():
    assert groups() == groups(scene(1)) == []


def test_blur_is_seen():
    sharp = Image.effect_noise((128, 128), 40)
    assert sharpness(sharp) > 90
    assert sharpness(sharp.filter(ImageFilter.GaussianBlur(3))) < BLURRED_BELOW
    assert sharpness(Image.new("L", (64, 64), 90)) == sharpness(Image.new("L", (2, 2))) == 0
