import itertools

import pytest
from hypothesis import assume, given, settings, strategies as st

from preprocessing.cropping.splitting import piece_boxes, piece_starts

SIZES = st.tuples(st.integers(64, 4096), st.integers(64, 4096))
TARGETS = st.tuples(st.integers(8, 128), st.integers(8, 128)).map(lambda t: (t[0] * 8, t[1] * 8))
SHARES = st.floats(0, 1)
QUICK = settings(deadline=None, max_examples=60)


def begins(source, target=(512, 512), *, overlap=0.2, threshold=0.5):
    """Where pieces begin, in pixels of the scaled picture."""
    along = 1 if source[1] > source[0] else 0
    scale = target[1 - along] / source[1 - along]
    boxes = piece_boxes(source, target, threshold=threshold, overlap=overlap)
    return [round(box[along] * scale) for box in boxes]


@pytest.mark.parametrize(
    ("source", "places"), [((512, 1024), [0, 256, 512]), ((512, 1600), [0, 362, 725, 1088])]
)
def test_pieces_lie_where_webui_users_know_them(source, places):
    assert begins(source) == places
    assert begins(source[::-1]) == places


def test_there_are_as_many_pieces_as_webui_users_know():
    assert len(begins((512, 1600), overlap=0)) == 4
    assert len(begins((500, 3000))) == 8
    assert len(begins((512, 1600), overlap=0.9)) == 23


def test_a_usual_screen_is_not_split():
    assert begins((1920, 1080)) == []


def test_a_picture_hardly_longer_than_the_target_is_not_split():
    """The case of 1000 x 1001, which once divided by zero."""
    assert piece_boxes((1000, 1001), (512, 512), threshold=1.0, overlap=0.2) == []


@QUICK
@given(source=SIZES, target=TARGETS, threshold=SHARES, overlap=SHARES)
def test_pieces_lie_inside_and_have_the_targets_shape(source, target, threshold, overlap):
    boxes = piece_boxes(source, target, threshold=threshold, overlap=overlap)
    for left, top, right, bottom in boxes:
        assert 0 <= left < right <= source[0]
        assert 0 <= top < bottom <= source[1]
        shape = (right - left) * target[1] / ((bottom - top) * target[0])
        assert shape == pytest.approx(1, rel=1 / min(target) + 1e-6)


@QUICK
@given(source=SIZES, target=TARGETS, overlap=SHARES)
def test_pieces_begin_and_end_with_the_picture(source, target, overlap):
    boxes = piece_boxes(source, target, threshold=1.0, overlap=overlap)
    assume(boxes)
    assert boxes[0][:2] == (0, 0)
    assert boxes[-1][2:] == pytest.approx(source, abs=1e-6)


@QUICK
@given(length=st.integers(1, 9000), piece=st.integers(64, 2048), overlap=st.floats(0, 0.9))
def test_neighbours_overlap_by_at_least_what_was_asked(length, piece, overlap):
    assume(length >= piece)
    places = piece_starts(length, piece, overlap=overlap)
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert all(gap <= piece * (1 - overlap) + 1 for gap in gaps)
    assert max(gaps, default=0) - min(gaps, default=0) <= 1
    assert (places[0], places[-1] + piece if len(places) > 1 else length) == (0, length)


@QUICK
@given(source=SIZES, target=TARGETS, threshold=SHARES, overlap=SHARES)
def test_only_a_shape_below_the_threshold_is_split(source, target, threshold, overlap):
    boxes = piece_boxes(source, target, threshold=threshold, overlap=overlap)
    along = 1 if source[1] > source[0] else 0
    kept = source[1 - along] * target[along] / (source[along] * target[1 - along])
    assert not boxes or kept <= threshold + 1e-9
    assert not boxes or kept < 1
