import pytest
from PIL import Image

from preprocessing.operations import apply, chosen, with_flips
from textual_inversion.settings import PreprocessSettings


def operations_of(**choices):
    settings = PreprocessSettings(source="a", destination="b", **choices)
    return chosen(settings, width=8, height=4)


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
    made = with_flips(flips)(marked())
    assert [corners(image) for image in made] == [[place] for place in places]


def test_operations_apply_one_after_another_to_all_that_was_made():
    operations = [with_flips("horizontal"), *operations_of(), with_flips("vertical")]
    assert [image.size for image in apply(operations, marked())] == [(8, 4)] * 4
