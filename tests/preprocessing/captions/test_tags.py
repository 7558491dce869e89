"""Changes of tags, alone and for any caption."""

import pytest
from hypothesis import given, settings, strategies as st

from preprocessing.captions.tags import (
    adding,
    alphabetical,
    by_frequency,
    count_tags,
    join_tags,
    parse_search,
    removing,
    replacing,
    tags_of,
    to_front,
    without_doubles,
)
from textual_inversion.errors import SettingsError

CAPTIONS = st.lists(st.text("aB ,.-\n", max_size=6), max_size=6).map(",".join)


def expression(text, **choices):
    return parse_search(text, is_expression=True, **choices)


def test_tags_stand_between_commas():
    assert tags_of(" a cat,, red hat ,\n") == ["a cat", "red hat"]


def test_tags_are_counted_once_a_caption_and_without_letter_case():
    captions = ["cat, Hat, cat", "hat", "dog, CAT", ""]
    assert count_tags(captions) == [("cat", 2), ("Hat", 2), ("dog", 1)]


@pytest.mark.parametrize(
    ("caption", "at", "new"),
    [
        ("cat, hat", "front", "red, cat, hat"),
        ("cat, hat", "end", "cat, hat, red"),
        ("RED,cat", "front", "RED,cat"),
        ("", "end", "red"),
        ("cat,", "end", "cat, red"),
    ],
)
def test_a_tag_is_added_where_it_is_not_yet(caption, at, new):
    assert adding("red", at=at)(caption) == new


def test_several_tags_are_added_in_their_order():
    assert adding(" one, two,, One", at="front")("cat, two") == "one, cat, two"


@pytest.mark.parametrize(
    ("found", "new"),
    [
        (parse_search("HAT"), "cat, red hat"),
        (parse_search("hat", whole_tags=False), "cat, red"),
        (expression(r".*hat"), "cat"),
        (expression(r"\bh", whole_tags=False), "cat, red at, at"),
        (parse_search("no"), "cat,red hat,hat"),
    ],
)
def test_what_is_found_is_removed(found, new):
    assert removing(found)("cat,red hat,hat") == new


def test_an_expression_s_groups_stand_in_the_replacement():
    change = replacing(expression(r"(\w+) hair"), r"hair \1, \1")
    assert change("cat, long hair, hat") == "cat, hair long, long, hat"


def test_plain_text_is_no_expression_and_neither_is_its_replacement():
    change = replacing(parse_search("a.b", whole_tags=False), r"\1")
    assert change("a.b, axb") == r"\1, axb"


@pytest.mark.parametrize("text", ["(", "*", "(?P<a", "a{2,1}", "[z-a]"])
def test_a_bad_expression_is_one_sentence(text):
    with pytest.raises(SettingsError, match="is not a regular expression: .*; correct it, or"):
        expression(text)


@pytest.mark.parametrize("replacement", [r"\2", r"\g<no>", "\\"])
def test_a_bad_replacement_is_one_sentence(replacement):
    with pytest.raises(SettingsError, match="is not a valid replacement"):
        replacing(expression("(a)"), replacement)


@pytest.mark.parametrize("ask", [lambda: parse_search(" , "), lambda: adding(",", at="end")])
def test_nothing_cannot_be_looked_for_or_added(ask):
    with pytest.raises(SettingsError, match="There is nothing to"):
        ask()


def test_tags_are_put_in_order():
    assert alphabetical("b, A, c") == "A, b, c"
    assert by_frequency(["c", "c, b", "c, b"])("x, b, c, y") == "c, b, x, y"
    assert to_front(expression("c|x"))("x, b, c, y") == "x, c, b, y"
    assert without_doubles("cat, hat, Cat") == "cat, hat"


@settings(max_examples=40, deadline=None)
@given(CAPTIONS)
def test_a_change_with_nothing_to_do_gives_the_caption_to_the_letter(caption):
    for whole_tags in (True, False):
        assert removing(parse_search("zz", whole_tags=whole_tags))(caption) == caption
    tidy = join_tags(dict.fromkeys(tag.casefold() for tag in tags_of(caption)))
    assert without_doubles(tidy) == tidy


@settings(max_examples=40, deadline=None)
@given(CAPTIONS)
def test_changes_of_order_lose_no_tag_and_settle_at_once(caption):
    for change in (alphabetical, by_frequency([caption, "b"]), to_front(parse_search("a"))):
        assert sorted(tags_of(change(caption))) == sorted(tags_of(caption))
        assert change(change(caption)) == change(caption)


@settings(max_examples=40, deadline=None)
@given(CAPTIONS, st.sampled_from(["front", "end"]))
def test_an_added_tag_is_there_once_and_can_be_removed_again(caption, at):
    added = adding("red hat", at=at)(caption)
    assert tags_of(added).count("red hat") == 1
    assert tags_of(removing(parse_search("red hat"))(added)) == tags_of(caption)
