import random

import pytest
from hypothesis import given, strategies as st

from textual_inversion.errors import SettingsError
from textual_inversion.prompts.caption import vary_tags
from textual_inversion.prompts.placeholders import Piece, split_names, unknown_names
from textual_inversion.prompts.template import fill_template, parse_template


def test_a_template_is_its_lines_without_blanks_and_comments():
    text = "# about cats\n\n  a [name]  \r\n[filewords], [name]\n   \n"
    assert parse_template(text, source="t.txt") == ("a [name]", "[filewords], [name]")


@pytest.mark.parametrize("text", ["", "\n \n", "# only a comment"])
def test_an_empty_template_is_refused(text):
    with pytest.raises(SettingsError, match=r"^t\.txt has no prompts; write one a line"):
        parse_template(text, source="t.txt")


def test_a_template_without_any_name_is_refused():
    with pytest.raises(SettingsError, match=r"^No line of t\.txt has \[name\], so"):
        parse_template("a photo\nanother [Name]", source="t.txt")


def test_the_first_line_without_a_name_is_counted_as_an_editor_does():
    text = "# comment\na [name]\n\na photo\nanother"
    with pytest.raises(SettingsError, match=r"^Line 4 of t\.txt has no \[name\]"):
        parse_template(text, source="t.txt")


@pytest.mark.slow
@given(st.text("ab, \n"))
def test_tags_are_untouched_when_nothing_is_asked(words):
    assert vary_tags(words, shuffle=False, dropout=0, rng=random.Random(0)) == words


def test_all_tags_can_be_dropped():
    assert vary_tags("a, b,, c ", shuffle=True, dropout=1.0, rng=random.Random(0)) == ""


def test_shuffled_tags_are_the_same_tags_in_another_order():
    made = vary_tags("a,b ,c, d,e", shuffle=True, dropout=0, rng=random.Random(3))
    assert (sorted(made.split(", ")), made) == (list("abcde"), "d, c, b, e, a")


def test_dropped_tags_leave_the_others_in_order():
    made = vary_tags("a, b, c, d, e, f", shuffle=False, dropout=0.5, rng=random.Random(0))
    assert made == "a, b, e"


@pytest.mark.parametrize(
    ("line", "words", "prompt"),
    [
        ("a photo of [name], [filewords]", "red, big", "a photo of cat2, red, big"),
        ("a photo of [name], [filewords]", "", "a photo of cat2"),
        ("[filewords], by [name]", " , ", "by cat2"),
        ("a [name], [filewords], sharp", "", "a cat2, sharp"),
        ("a [filewords] [name]", "", "a cat2"),
        ("[name] with [filewords].", "", "cat2 with."),
        ("[filewords]", "[name] on a chair", "cat2 on a chair"),
        ("odd , , line [name],", "", "odd , , line cat2,"),
        ("[filewords] [filewords] [name]", "a", "a a cat2"),
    ],
)
def test_a_line_is_filled_and_tidied_only_where_words_are_missing(line, words, prompt):
    assert fill_template(line, name="cat2", words=words) == prompt


def test_a_name_is_put_in_as_it_is_written():
    assert fill_template(r"a [name], [filewords]", name=r"x\1, , y", words="") == r"a x\1, , y"


@pytest.mark.parametrize("typed", ["cat2", "CAT2", "<cat2>", "embedding:cat2", "Embedding:Cat2"])
def test_a_name_is_found_in_every_form(typed):
    found = [Piece("a "), Piece(typed, "cat2"), Piece(", big")]
    assert split_names(f"a {typed}, big", ["cat2"]) == found


@pytest.mark.parametrize(
    "prompt",
    ["cats", "cat20", "xcat2", "cat2_b", "écat2", "cat2é", "cat2\u0301", "<other>", "<cat2 b>",
     "<lora:cat2:1>", "myembedding", "cat 2", ""],
)  # fmt: skip
def test_a_name_is_not_found_inside_other_words(prompt):
    assert split_names(prompt, ["cat2"]) == ([Piece(prompt)] if prompt else [])


def test_the_longest_name_wins():
    names = ["foo", "foo-200", "foo-2000"]
    assert split_names("foo-2000 foo-200 foo", names) == [
        Piece("foo-2000", "foo-2000"),
        Piece(" "),
        Piece("foo-200", "foo-200"),
        Piece(" "),
        Piece("foo", "foo"),
    ]


def test_a_longer_number_is_another_name():
    assert split_names("foo-2000", ["foo-200"]) == [Piece("foo-2000")]


@pytest.mark.parametrize(
    "name", ["my cat", "v1.0", "a+b", "(x", "-foo", "x\\d", "猫", "été", "a|b"]
)
def test_names_may_hold_any_characters(name):
    found = [Piece("1, "), Piece(name, name), Piece(", "), Piece(f"<{name}>", name)]
    assert split_names(f"1, {name}, <{name}>", [name, "zzz"]) == found


def test_a_dot_in_a_name_is_a_dot():
    assert split_names("v1x0", ["v1.0"]) == [Piece("v1x0")]


def test_a_name_works_inside_weights_and_before_punctuation():
    assert split_names("(cat2:1.2)", ["cat2"]) == [
        Piece("("),
        Piece("cat2", "cat2"),
        Piece(":1.2)"),
    ]


def test_of_names_that_read_alike_the_one_spelled_so_is_meant():
    found = [piece.name for piece in split_names("foo Foo FOO", ["foo", "Foo"]) if piece.name]
    assert found == ["foo", "Foo", "Foo"]


def test_a_name_given_in_brackets_is_not_found_bare():
    found = split_names("a dog, <dog>, <Dog>, embedding:dog, cat", ["<dog>", "cat"])
    named = [(piece.text, piece.name) for piece in found if piece.name]
    assert named == [
        ("<dog>", "<dog>"),
        ("<Dog>", "<dog>"),
        ("embedding:dog", "<dog>"),
        ("cat", "cat"),
    ]


def test_what_is_asked_for_and_unknown_is_listed_once():
    prompt = "<typo> cat2 <cat2> embedding:gone, <typo> 3 < 4 > 2 <|endoftext|> <<cat2>"
    assert unknown_names(prompt, ["cat2"]) == ["typo", "gone"]
    assert unknown_names("a dog", []) == []


def test_without_names_a_prompt_is_one_piece():
    assert split_names("a cat", ["", " "]) == [Piece("a cat")]


NAMES = st.lists(st.text("ab<>.- é2", min_size=1, max_size=4), max_size=4)


@pytest.mark.slow
@given(prompt=st.text("ab<>.- é2:,", max_size=30), names=NAMES)
def test_the_pieces_make_up_the_prompt(prompt, names):
    pieces = split_names(prompt, names)
    assert "".join(piece.text for piece in pieces) == prompt
    assert {piece.name for piece in pieces} <= {None, *names}
