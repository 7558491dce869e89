import random

import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from preprocessing.cropping.focal_crop import draw_debug_image, find_focus, focal_crop
from preprocessing.cropping.focal_point import Weights
from textual_inversion.images.decoding import open_picture

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


@pytest.mark.slow
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


def scene(number):
    """A large picture: a soft background, and a thing with corners off its middle."""
    draw = random.Random(number)
    soft = [noise(number * 3 + channel) for channel in range(3)]
    image = Image.merge("RGB", soft).resize((2700, 1800), Image.Resampling.BICUBIC)
    x, y = draw.randint(500, 2200), draw.randint(500, 1300)
    pen = ImageDraw.Draw(image)
    pen.ellipse((x - 350, y - 350, x + 350, y + 350), fill=(draw.randint(150, 255), 40, 30))
    for _ in range(12):
        a, b = x + draw.randint(-250, 180), y + draw.randint(-250, 180)
        pen.rectangle((a, b, a + 70, b + 60), fill=(250, draw.randint(150, 255), 90))
    return image


def noise(seed):
    values = random.Random(seed).choices(range(60, 160), k=12 * 8)
    image = Image.new("L", (12, 8))
    image.putdata(values)
    return image


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("target", [(256, 256), (192, 320)])
def test_a_reduced_picture_gives_the_crop_of_the_whole_one(tmp_path, monkeypatch, number, target):
    path = tmp_path / "scene.jpg"
    scene(number).save(path, quality=92)
    usual = Weights(0.9, 0.15, 0.5)
    reduced = open_picture(path, min_size=target)
    quick = find_focus(reduced, target, usual).box
    monkeypatch.setattr("preprocessing.cropping.foreground._SETTLED", -1.0)  # all rounds
    whole = open_picture(path)
    careful = find_focus(whole, target, usual).box
    assert reduced.width < whole.width
    for axis, side in enumerate(("width", "height")):
        shares = [(b[axis] / getattr(i, side)) for b, i in ((quick, reduced), (careful, whole))]
        assert abs(shares[0] - shares[1]) <= 0.01


@pytest.mark.slow
def test_the_parting_ends_once_it_has_settled(monkeypatch):
    from preprocessing.cropping import foreground

    cv2, rounds = foreground.import_opencv(), []
    cut = cv2.grabCut
    monkeypatch.setattr(cv2, "grabCut", lambda *given: (rounds.append(given[-1]), cut(*given)))
    find_focus(scene(0).resize((450, 300)), (64, 64), Weights(0, 0.5, 0.5))
    assert rounds == [cv2.GC_INIT_WITH_MASK, cv2.GC_EVAL]


def test_the_drawing_is_a_copy_with_the_crop_on_it():
    image = with_sign((400, 100), (60, 50))
    before = image.tobytes()
    drawn = draw_debug_image(image, find_focus(image, (64, 64), USUAL))
    assert (drawn.size, image.tobytes()) == (image.size, before)
    assert drawn.tobytes() != before


@pytest.mark.slow
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
