import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image

from preprocessing.transforms import (
    UnfitError,
    apply_operations,
    debug_image_maker,
    list_operations,
    with_flips,
)
from textual_inversion.errors import SettingsError
from textual_inversion.settings import PreprocessSettings

PICTURES = st.tuples(st.integers(64, 4096), st.integers(64, 4096))


def prepared(size, *, width=8, height=8, mode="RGB", **choices):
    """The sizes of all that a picture of a size becomes."""
    asked = PreprocessSettings(source="a", destination="b", **choices)
    operations = list_operations(asked, width=width, height=height)
    return [image.size for image in apply_operations(operations, Image.new(mode, size))]


def corners(image):
    """Name the corner that is marked: top or bottom, left or right."""
    return [(x, y) for x in (0, 1) for y in (0, 1) if image.getpixel((x, y)) == 255]


def marked():
    image = Image.new("L", (2, 2), 0)
    image.putpixel((0, 0), 255)
    return image


@pytest.mark.parametrize(
    ("flips", "places"),
    [
        ("none", [(0, 0)]),
        ("horizontal", [(0, 0), (1, 0)]),
        ("vertical", [(0, 0), (0, 1)]),
        ("both", [(0, 0), (1, 0), (0, 1)]),
    ],
)
def test_flipped_copies_follow_the_picture(flips, places):
    copies = with_flips(flips)(marked())
    assert [corners(image) for image in copies] == [[place] for place in places]


def test_operations_apply_one_after_another_to_all_that_was_made():
    operations = [with_flips("horizontal"), with_flips("vertical")]
    places = [corners(image) for image in apply_operations(operations, marked())]
    assert places == [[(0, 0)], [(0, 1)], [(1, 0)], [(1, 1)]]


@pytest.mark.slow
@given(picture=PICTURES, mode=st.sampled_from(["L", "RGBA"]))
@settings(deadline=None, max_examples=25)
def test_every_mode_gives_exactly_the_size_asked_for(picture, mode):
    for choices in ({}, {"split_oversized": True, "split_threshold": 1.0}):
        sizes = prepared(picture, width=32, height=24, mode=mode, split_overlap=0, **choices)
        assert set(sizes) == {(32, 24)}


def test_the_original_size_is_kept():
    assert prepared((30, 20), keep_original_size=True) == [(30, 20)]
    assert prepared((30, 20), keep_original_size=True, auto_sized_crop=True) == [(30, 20)]


def test_an_oversized_picture_becomes_pieces_and_nothing_else():
    assert prepared((8, 16), split_oversized=True, flipped_copies="both") == [(8, 8)] * 9
    assert prepared((8, 16), split_oversized=True, keep_original_size=True) == [(8, 8)] * 3
    assert prepared((8, 16), split_oversized=True, auto_sized_crop=True) == [(8, 8)] * 3


def test_pieces_show_the_picture_from_end_to_end():
    image = Image.linear_gradient("L")  # 256 x 256, from black above to white below
    image = image.resize((8, 256))
    asked = PreprocessSettings(source="a", destination="b", split_oversized=True, split_overlap=0)
    means = [
        sum(piece.tobytes()) / 64
        for piece in apply_operations(list_operations(asked, width=8, height=8), image)
    ]
    assert means == sorted(means)
    assert (len(means), means[0] < 8, means[-1] > 247) == (32, True, True)


def test_a_picture_that_is_not_oversized_goes_on():
    assert prepared((30, 20), split_oversized=True) == [(8, 8)]
    assert prepared((30, 20), split_oversized=True, keep_original_size=True) == [(30, 20)]


def test_a_thread_is_not_split_into_thousands():
    with pytest.raises(UnfitError, match=r"^\(1 x 3000\) is so narrow .* 3750 pieces; crop it"):
        prepared((1, 3000), split_oversized=True)


def test_a_picture_takes_the_size_that_suits_it():
    assert prepared((1920, 1080), auto_sized_crop=True) == [(768, 448)]


def test_a_picture_that_no_size_suits_is_refused():
    with pytest.raises(UnfitError, match=r"^\(300 x 100\) fits none .* cut away more than 10%;"):
        prepared((300, 100), auto_sized_crop=True)


def test_bounds_without_any_size_are_a_wrong_setting():
    with pytest.raises(SettingsError, match="no size to choose from: none has sides of 384 to 1"):
        prepared((300, 100), auto_sized_crop=True, auto_size_max=1)


def test_a_focal_crop_takes_the_size_of_an_auto_sized_one():
    pytest.importorskip("cv2")
    assert prepared((400, 220), auto_sized_crop=True, focal_crop=True) == [(768, 448)]
    assert prepared((40, 20), focal_crop=True, width=16) == [(16, 8)]
    assert prepared((40, 20), focal_crop=True) == [(8, 8)]


def test_only_what_is_cropped_by_its_focus_is_drawn():
    pytest.importorskip("cv2")
    asked = PreprocessSettings(source="a", destination="b", focal_crop=True, split_oversized=True)
    draw = debug_image_maker(asked, width=8, height=8)
    assert draw(Image.new("RGB", (30, 20))).size == (30, 20)
    assert draw(Image.new("RGB", (80, 20))) is None
