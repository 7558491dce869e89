import pytest

from textual_inversion.errors import EmbeddingError
from textual_inversion.names import check_name, nearest


@pytest.mark.parametrize(
    "name",
    ["cat", "my cat 2.1", "a_b-c", "Kätzchen", "猫", "кот", "बिल्ली", "7", "console", "x" * 64],
)
def test_a_name_of_letters_digits_and_quiet_punctuation_is_returned(name):
    assert check_name(name) == name


def test_outer_spaces_are_dropped():
    assert check_name("  my cat ") == "my cat"


def test_brackets_as_a_prompt_has_them_are_dropped():
    assert check_name(" <my cat> ") == "my cat"


def test_the_nearest_names_come_first():
    names = ["terence", "Terrance", "dog"]
    assert nearest("terrance", names) == ("Terrance", "terence")
    assert nearest("xyz", names) == ()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "needs a name"),
        ("   ", "needs a name"),
        ("../cat", "contains '/'"),
        ("a\\b", r"contains '\\\\'"),
        ("..", "a dot"),
        (".cat", "a dot"),
        ("cat.", "a dot"),
        ("-_-", "starts with '-'"),
        ("-rf", "starts with '-', which commands take for a flag"),
        ("_._", "no letter or digit"),
        ("cat\n", r"contains '\\n'"),
        ("cat\x00", r"contains '\\x00'"),
        ("cat\u202egnp", "contains"),
        ("NUL", "reserved by Windows"),
        ("com1.cat", "reserved by Windows"),
        ("con .cat", "reserved by Windows"),
        ("x" * 65, "too long"),
        ("𐍈" * 60, "too long"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_the_reason(name, complaint):
    with pytest.raises(EmbeddingError, match=complaint):
        check_name(name)


@pytest.mark.parametrize("char", '<>:"|?*/')
def test_what_a_file_system_or_a_prompt_trips_over_is_refused(char):
    with pytest.raises(EmbeddingError, match="use letters, digits"):
        check_name(f"cat{char}toy")
