import pytest
import torch

from textual_inversion.evaluation.snapshots import measures

ROWS = torch.tensor([[1.0, 0.0], [0.0, 1.0]])


def changes(size, *, offset=0.0):
    """Features (3, 2, 4) of three prompts from two seeds."""
    rows = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(1))
    return size * (rows - rows.mean(0)) + offset


def test_likeness_is_the_mean_cosine_with_the_training_pictures():
    found = measures.likeness(ROWS, torch.tensor([[3.0, 0.0], [0.0, -2.0]]))
    assert found.each.tolist() == [0.5, -0.5]
    assert found.all == 0


def test_colours_are_alike_as_far_as_they_are_shared():
    half = torch.tensor([[0.5, 0.5]])
    assert measures.intersection(half, ROWS).all == 0.5
    assert measures.intersection(half, half).all == 1


def test_a_picture_is_compared_with_its_own_text_only():
    assert measures.text_agreement(ROWS, ROWS.flip(0)).each.tolist() == [0, 0]
    assert measures.text_agreement(ROWS, 5 * ROWS).all == 1


@pytest.mark.parametrize(("size", "expected"), [(1, 1), (0, 0), (0.5, 0.8), (2, 0.8), (-1, -1)])
def test_pictures_obey_as_far_as_they_change_as_those_of_the_class_word(size, expected):
    assert measures.concordance(changes(size), changes(1)).all == pytest.approx(expected)


def test_what_a_seed_s_pictures_have_in_common_has_no_part_in_obedience():
    common = torch.tensor([100.0, -7.0]).view(1, 2, 1)
    found = measures.concordance(changes(0.5, offset=common), changes(1))
    assert found.all == pytest.approx(0.8, abs=1e-4)


def test_equal_pictures_have_no_diversity():
    assert measures.diversity(torch.ones(3, 4)) == pytest.approx(0, abs=1e-6)
    assert measures.diversity(ROWS) == 1


def test_the_balance_is_low_where_one_of_both_is():
    assert measures.balance(0.5, 0.5) == 0.5
    assert measures.balance(0.9, 0.1) == pytest.approx(0.18)
    assert measures.balance(0.9, -0.1) == 0
