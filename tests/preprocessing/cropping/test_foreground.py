"""What stands out is found as a whole, and not where nothing does."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from preprocessing.cropping.focal_crop import find_focus
from preprocessing.cropping.focal_point import Weights, shift_to_contain
from preprocessing.cropping.foreground import foreground_box

USUAL = Weights(faces=0, edges=0.5, entropy=0.15)
SPAN = st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted)


def street(*, ball=None):
    """A noisy grey picture, with a red and white ball in it or without."""
    noise = np.random.default_rng(0).normal(110, 12, (200, 300, 1))
    image = Image.fromarray(np.repeat(noise, 3, axis=2).clip(0, 255).astype(np.uint8))
    if ball:
        pen = ImageDraw.Draw(image)
        pen.ellipse(ball, fill=(210, 40, 30))
        pen.rectangle((ball[0] + 30, ball[1] + 30, ball[2] - 30, ball[3] - 30), fill="white")
    return image


def test_a_ball_in_the_street_is_found_with_a_margin():
    ball = (60, 50, 160, 150)
    found = foreground_box(street(ball=ball), [(90, 80), (130, 120), (5, 5)])
    assert found == pytest.approx((51, 44, 169, 156), abs=5)


@pytest.mark.parametrize(
    ("image", "points"),
    [
        (street(ball=(60, 50, 160, 150)), [(5, 5), (295, 5), (290, 190)]),
        (street(ball=(60, 50, 160, 150)), []),
        (Image.new("RGB", (300, 200), "grey"), [(150, 100)]),
        (Image.new("RGB", (12, 12), "red"), [(6, 6)]),
        (Image.new("RGB", (3000, 9), "red"), [(6, 6)]),
    ],
)
def test_nothing_is_found_where_nothing_surely_stands_out(image, points):
    assert foreground_box(image, points) is None


def test_the_crop_holds_the_whole_of_what_stands_out():
    image = street(ball=(50, 50, 150, 150))
    ImageDraw.Draw(image).multiline_text((200, 20), "# + # +\n+ # + #\n# + # +", fill="white")
    left, _, right, _ = find_focus(image, (128, 192), USUAL).box
    assert left <= 50
    assert right >= 150


@given(SPAN, SPAN)
@settings(deadline=None, max_examples=60)
def test_a_box_is_moved_by_no_more_than_it_needs(span, wanted):
    left, _, right, _ = shift_to_contain((span[0], 0, span[1], 1), (wanted[0], 0, wanted[1], 1))
    assert right - left == pytest.approx(span[1] - span[0])
    inner, outer = sorted([(left, right), tuple(wanted)], key=lambda pair: pair[1] - pair[0])
    assert outer[0] - 1e-6 <= inner[0]
    assert inner[1] <= outer[1] + 1e-6
    first, last = sorted((wanted[0], wanted[1] - (span[1] - span[0])))
    assert first - 1e-6 <= left <= last + 1e-6
    if first <= span[0] <= last:
        assert (left, right) == tuple(span)
