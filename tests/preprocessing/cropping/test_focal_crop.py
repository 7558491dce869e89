import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from preprocessing.cropping.focal_crop import draw_debug_image, find_focus, focal_crop
from preprocessing.cropping.focal_point import Weights

USUAL = Weights(faces=0, edges=0.5, entropy=0.15)


def with_sign(size, place):
    """A white picture with a sign of many corners at a place."""
    image = Image.new("RGB", size, "white")
    for row in range(4):
        corner = (place[0] - 20, place[1] - 20 + row * 12)
        ImageDraw.Draw(image).rectangle((*corner, corner[0] + 40, corner[1] + 6), fill="black")
    return image


@pytest.mark.parametrize("target", [(64, 64), (96, 64), (64, 96)])
@pytest.mark.parametrize(("size", "place"), [((400, 120), (330, 60)), ((120, 400), (60, 70))])
def test_the_crop_shows_what_there_is_to_see(target, size, place):
    focal = find_focus(with_sign(size, place), target, USUAL)
    left, top, right, bottom = focal.box
    assert left <= place[0] - 20
    assert place[0] + 20 <= right
    assert top <= place[1] - 20
    assert place[1] + 20 <= bottom


@given(
    size=st.tuples(st.integers(8, 300), st.integers(8, 300)),
    target=st.tuples(st.integers(1, 20), st.integers(1, 20)).map(lambda t: (t[0] * 8, t[1] * 8)),
)
@settings(deadline=None, max_examples=40)
def test_the_crop_has_exactly_the_size_asked_for(size, target):
    image = with_sign(size, (size[0] // 3, size[1] // 3))
    assert focal_crop(image, target, USUAL).size == target


def test_no_line_of_another_colour_creeps_in():
    """Sizes cut down to whole pixels once left a black line at the edge."""
    prepared = focal_crop(Image.new("RGB", (1030, 771), "red"), (512, 512), USUAL)
    assert prepared.getcolors() == [(512 * 512, (255, 0, 0))]


def test_nothing_is_looked_for_where_there_is_nothing_to_choose():
    assert find_focus(with_sign((200, 100), (20, 50)), (64, 32), USUAL).found == {}


def test_what_transparency_hides_draws_no_eye():
    image = with_sign((400, 100), (60, 50)).convert("RGBA")
    image.paste(with_sign((100, 100), (50, 50)), (300, 0))
    image.paste((0, 0, 0, 0), (0, 0, 200, 100))
    assert find_focus(image, (64, 64), USUAL).box[0] > 200


def test_the_drawing_is_a_copy_with_the_crop_on_it():
    image = with_sign((400, 100), (60, 50))
    before = image.tobytes()
    drawn = draw_debug_image(image, find_focus(image, (64, 64), USUAL))
    assert (drawn.size, image.tobytes()) == (image.size, before)
    assert drawn.tobytes() != before


def test_a_picture_is_looked_at_once_for_its_crop_and_the_drawing(monkeypatch):
    sizes = []

    def counted(grey):
        sizes.append(grey.shape)
        return []

    monkeypatch.setattr("preprocessing.cropping.focal_crop.find_faces", counted)
    for image in (Image.effect_noise((300, 200), 90), Image.effect_noise((300, 200), 90)):
        weights = Weights(0.9, 0.5, 0.15)
        focal_crop(image, (64, 64), weights)
        focal_crop(image, (64, 32), weights)
        find_focus(image, (64, 32), weights)
    assert len(sizes) == 4
