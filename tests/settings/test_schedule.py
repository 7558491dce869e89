import pytest

from textual_inversion.errors import SettingsError
from textual_inversion.settings.schedule import (
    Schedule,
    Segment,
    parse_learning_rate,
    parse_schedule,
)

TEXT = "0.005:500, 1e-3:1000, 0.004"


def test_durations_add_up():
    expected = (Segment(0.005, 500), Segment(0.001, 1500), Segment(0.004, None))
    assert parse_schedule(TEXT) == Schedule(expected)


def test_absolute_numbers_are_ends():
    expected = (Segment(0.005, 500), Segment(0.001, 1000), Segment(0.004, None))
    assert parse_schedule(TEXT, absolute=True) == Schedule(expected)


def test_a_rate_holds_for_exactly_its_steps():
    schedule = parse_schedule("3:2, 2:1, 1")
    assert [schedule.rate(step) for step in range(5)] == [3, 3, 2, 1, 1]


def test_a_schedule_that_runs_out_keeps_its_last_rate():
    schedule = parse_schedule("0.1:2, 0.2:3")
    assert (schedule.end, schedule.rate(5), schedule.rate(10**9)) == (5, 0.2, 0.2)


def test_blanks_and_a_trailing_comma_are_allowed():
    assert parse_schedule(" 0.1 : 5 , 0.2, ") == parse_schedule("0.1:5,0.2")


def test_minus_one_means_to_the_end_as_in_the_original():
    assert parse_schedule("0.1:-1") == Schedule((Segment(0.1, None),))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" , ", "is empty"),
        ("abc", '"abc" is not a number'),
        ("-1:10", '"-1:10" must be a number above 0'),
        ("0", "must be a number above 0"),
        ("nan:10", "must be a number above 0"),
        ("inf", "must be a number above 0"),
        ("0.1:1.5", "whole number"),
        ("0.1:0", "must be above 0"),
        ("0.1:5:6", "whole number"),
        ("0.1, 0.2:5", "has no step number"),
    ],
)
def test_a_faulty_schedule_is_said_in_a_sentence(text, words):
    with pytest.raises(SettingsError, match=words):
        parse_schedule(text)


@pytest.mark.parametrize("text", ["1e9", "0.005:100, 101"])
def test_a_rate_that_cannot_learn_is_refused(text):
    with pytest.raises(SettingsError, match="is too high to learn anything; choose one below 1"):
        parse_learning_rate(text)
    assert parse_learning_rate("1") == parse_schedule("1")  # Prodigy's


def test_absolute_numbers_must_grow():
    with pytest.raises(SettingsError, match="must grow"):
        parse_schedule("0.1:100, 0.2:50", absolute=True)
