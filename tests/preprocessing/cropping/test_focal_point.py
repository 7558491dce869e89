import pytest
from hypothesis import given, settings, strategies as st

from preprocessing.cropping.focal_point import Weights, crop_around, focal_point

PIXELS = st.integers(64, 4096)
SIZES = st.tuples(PIXELS, PIXELS)
SHARES = st.floats(0, 1)
USUAL = Weights(faces=0.9, edges=0.5, entropy=0.15)
QUICK = settings(deadline=None, max_examples=60)


def box_of(size, target, share):
    point = (size[0] * share[0], size[1] * share[1])
    return point, crop_around(point, size=size, target=target)


@QUICK
@given(size=SIZES, target=SIZES, share=st.tuples(SHARES, SHARES))
def test_a_crop_lies_inside_and_contains_the_focus(size, target, share):
    (x, y), (left, top, right, bottom) = box_of(size, target, share)
    assert 0 <= left <= x <= right <= size[0]
    assert 0 <= top <= y <= bottom <= size[1]


@QUICK
@given(size=SIZES, target=SIZES, share=st.tuples(SHARES, SHARES))
def test_a_crop_has_the_targets_shape_and_spans_the_picture(size, target, share):
    _, (left, top, right, bottom) = box_of(size, target, share)
    width, height = right - left, bottom - top
    assert width * target[1] == pytest.approx(height * target[0])
    assert width == pytest.approx(size[0]) or height == pytest.approx(size[1])


@QUICK
@given(size=SIZES, target=SIZES)
def test_a_focus_in_the_middle_gives_the_middle(size, target):
    _, (left, top, right, bottom) = box_of(size, target, (0.5, 0.5))
    assert (left + right, top + bottom) == pytest.approx(size)


@QUICK
@given(points=st.lists(st.tuples(st.floats(0, 100), st.floats(0, 80)), min_size=1), weight=SHARES)
def test_the_focus_lies_in_the_picture(points, weight):
    weights = Weights(faces=weight, edges=1 - weight, entropy=0.5)
    x, y = focal_point({"faces": points, "edges": points[:1]}, weights, size=(100, 80))
    assert 0 <= x <= 100
    assert 0 <= y <= 80


def test_each_kind_counts_by_its_weight_and_not_by_its_points():
    found = {"faces": [(0, 0)], "edges": [(70, 0), (70, 140)]}
    assert focal_point(found, USUAL, size=(100, 100)) == pytest.approx((25, 25))


def test_kinds_that_were_not_found_do_not_count():
    found = {"faces": [], "edges": [], "entropy": [(30, 40)]}
    assert focal_point(found, USUAL, size=(100, 100)) == pytest.approx((30, 40))


@pytest.mark.parametrize(
    ("found", "weights"), [({}, USUAL), ({"edges": [(1, 1)]}, Weights(1, edges=0, entropy=0))]
)
def test_without_anything_to_see_the_middle_is_the_focus(found, weights):
    assert focal_point(found, weights, size=(100, 80)) == (50, 40)
