import pytest
from PIL import Image

from textual_inversion.data.resizing import Fit, list_buckets, nearest_bucket


@pytest.mark.parametrize(("side", "step"), [(512, 64), (1024, 64), (128, 16), (64, 8)])
def test_buckets_have_at_most_the_area_in_steps_that_suit_the_model(side, step):
    buckets = list_buckets(side, side)
    assert (side, side) in buckets
    assert all(w * h <= side * side for w, h in buckets)
    assert all(w % step == h % step == 0 for w, h in buckets)
    assert {(h, w) for w, h in buckets} == set(buckets)
    assert max(w / h for w, h in buckets) == 4


@pytest.mark.parametrize(
    ("picture", "bucket"),
    [((900, 900), (512, 512)), ((1500, 1000), (640, 384)), ((1000, 1500), (384, 640)),
     ((9000, 10), (1024, 256)), ((400, 320), (576, 448))],
)  # fmt: skip
def test_a_picture_goes_to_the_bucket_of_its_shape(picture, bucket):
    assert nearest_bucket(picture, list_buckets(512, 512)) == bucket


def stripes():
    """Red, green and blue stripes, side by side."""
    picture = Image.new("RGB", (192, 64), "red")
    picture.paste("green", (64, 0, 128, 64))
    picture.paste("blue", (128, 0, 192, 64))
    return picture


def colours(picture):
    return {colour for _, colour in picture.getcolors(1 << 16)}


def test_the_centre_is_kept_or_all_is_squashed():
    centre = Fit(32, 32).apply(stripes(), (32, 32))
    squashed = Fit(32, 32, crop="squash").apply(stripes(), (32, 32))
    assert centre.size == squashed.size == (32, 32)
    assert (0, 128, 0) in colours(centre)
    assert (255, 0, 0) not in colours(centre)
    assert {(255, 0, 0), (0, 128, 0), (0, 0, 255)} <= colours(squashed)


def test_for_random_crops_a_picture_stands_out_in_steps_of_a_latent():
    assert Fit(32, 32, crop="random").apply(stripes(), (32, 32)).size == (96, 32)
    odd = Image.new("RGB", (101, 64))
    assert Fit(32, 32, crop="random").apply(odd, (32, 32)).size == (48, 32)


def test_its_own_size_is_not_resized_but_cut_to_eights():
    fit = Fit(64, 64, sizes="own")
    picture = Image.radial_gradient("L").convert("RGB").crop((0, 0, 101, 67))
    size = fit.size_for(picture.size)
    assert size == (96, 64)
    assert fit.apply(picture, size).getpixel((0, 0)) == picture.getpixel((2, 1))


@pytest.mark.parametrize(
    ("size", "box"), [((71, 90), (0, 9, 71, 80)), ((200, 101), (49, 0, 150, 101))]
)
def test_bicubic_cuts_whole_pixels_and_then_resizes(size, box):
    picture = Image.effect_noise(size, 80).convert("RGB")
    fitted = Fit(64, 64, resampling="bicubic").apply(picture, (64, 64))
    assert (
        fitted.tobytes() == picture.crop(box).resize((64, 64), Image.Resampling.BICUBIC).tobytes()
    )
    assert fitted.tobytes() != Fit(64, 64).apply(picture, (64, 64)).tobytes()


def test_bicubic_squashes_and_is_never_reduced_while_decoding():
    picture = Image.effect_noise((90, 50), 80).convert("RGB")
    fit = Fit(64, 64, crop="squash", resampling="bicubic")
    expected = picture.resize((64, 64), Image.Resampling.BICUBIC)
    assert fit.apply(picture, (64, 64)).tobytes() == expected.tobytes()
    assert (fit.min_size, Fit(64, 64).min_size) == (None, (64, 64))
