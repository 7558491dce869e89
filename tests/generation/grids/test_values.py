import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.generation.grids.values import read_numbers, split_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1, 2,5", [1, 2, 5]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-10 (+2)", [1, 3, 5, 7, 9]),
        ("1-10(+3), 20", [1, 4, 7, 10, 20]),
        ("10-1 (-3)", [10, 7, 4, 1]),
        ("3-1", [3, 2, 1]),
        ("1-10 [5]", [1, 3, 5, 7, 10]),
        ("7 - 9 [1]", [7]),
        ("-1, +4", [-1, 4]),
        ("-2--1", [-2, -1]),
        ("", []),
        ("1\n2", [1, 2]),
    ],
)
def test_whole_numbers_are_read_as_a1111_reads_them(text, values):
    assert read_numbers(text, whole=True) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.5, 1", [0.5, 1.0]),
        ("1-2 (+0.5)", [1.0, 1.5, 2.0]),
        ("1-1.3 (+0.1)", [1.0, 1.1, 1.2, 1.3]),
        ("1-2 (+0.3)", [1.0, 1.3, 1.6, 1.9]),
        ("0-1 [5]", [0.0, 0.25, 0.5, 0.75, 1.0]),
    ],
)
def test_fractions_lie_exactly_on_their_steps(text, values):
    assert read_numbers(text, whole=False) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1-", "'1-' is a range without an end; write it as 1-10"),
        ("5- (+2)", "is a range without an end"),
        ("1, a", "'a' is not a number"),
        ("1.5", "'1.5' is not a whole number"),
        ("1-9 (-2)", "never reaches its end in steps of -2"),
        ("1-9 (+0)", "never reaches its end"),
        ("1-9 [0]", "has no values"),
        ("1-100000", "'1-100000' is 100,000 values, and an axis takes at most 1,000"),
        ("1-9 [100000]", "is 100,000 values"),
        ("1-1000, 5", "is 1,001 values"),
        ("9" * 500, "is not a number"),
        ("1-" + "9" * 500, "is too long for a range"),
        ("1e9", "is not a number"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(text, said):
    with pytest.raises(SettingsError) as error:
        read_numbers(text, whole=True)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('a, "b, c" ,d', ["a", "b, c", "d"]),
        ('"say ""x""", y', ['say "x"', "y"]),
        ("one\ntwo, three\n\n", ["one", "two", "three"]),
        ("a,,b,", ["a", "b"]),
        (" ", []),
    ],
)
def test_lists_keep_what_stands_in_quotes(text, values):
    assert split_values(text) == values


def test_an_empty_text_can_be_a_value():
    assert split_values("cat, , dog", keep_empty=True) == ["cat", "", "dog"]
