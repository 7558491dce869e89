import pytest
from hypothesis import given, settings, strategies as st

from preprocessing.cropping.auto_size import best_size, cut_share, size_grid

SIZES = size_grid(edges=(384, 768), areas=(4096, 409600))
PICTURES = st.tuples(st.integers(64, 4096), st.integers(64, 4096))
QUICK = settings(deadline=None, max_examples=60)


@pytest.mark.parametrize(
    ("picture", "objective", "size"),
    [
        ((1920, 1080), "maximize-area", (768, 448)),
        ((1920, 1080), "minimize-error", (704, 384)),
        ((800, 1200), "maximize-area", (512, 768)),
        ((3000, 1000), "maximize-area", None),
    ],
)
def test_the_sizes_are_those_that_webui_users_know(picture, objective, size):
    assert best_size(picture, SIZES, objective=objective, max_error=0.1) == size


def test_a_grid_keeps_to_its_bounds_and_to_whole_latents():
    sizes = size_grid(edges=(1, 200), areas=(100 * 100, 200 * 200))
    assert sizes == [(72, 200), (136, 136), (136, 200), (200, 72), (200, 136), (200, 200)]


def test_the_lowest_bounds_give_no_empty_size():
    assert size_grid(edges=(0, 64), areas=(1, 9999)) == [(64, 64)]


def test_bounds_that_cross_leave_nothing():
    assert size_grid(edges=(384, 1), areas=(1, 9**9)) == []


@pytest.mark.slow
@QUICK
@given(picture=PICTURES, error=st.floats(0, 1))
def test_no_larger_size_suits(picture, error):
    size = best_size(picture, SIZES, objective="maximize-area", max_error=error)
    suitable = [one for one in SIZES if cut_share(picture, one) <= error]
    assert (size is None) == (not suitable)
    assert all(one[0] * one[1] <= size[0] * size[1] for one in suitable)


@QUICK
@given(picture=PICTURES)
def test_no_other_size_cuts_away_less(picture):
    size = best_size(picture, SIZES, objective="minimize-error", max_error=1.0)
    assert cut_share(picture, size) == min(cut_share(picture, one) for one in SIZES)


@QUICK
@given(picture=PICTURES)
def test_a_turned_picture_is_given_the_turned_size(picture):
    """But for ties, of which either may be taken, the area is the same."""
    sizes = [
        best_size(one, SIZES, objective="maximize-area", max_error=0.2)
        for one in (picture, picture[::-1])
    ]
    areas = [size and size[0] * size[1] for size in sizes]
    assert areas[0] == areas[1]
