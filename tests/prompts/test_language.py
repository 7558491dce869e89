from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

from textual_inversion.prompts.emphasis import BREAK, Fragment
from textual_inversion.prompts.language import (
    parse_negative_prompt,
    parse_prompt,
    plain_fragments,
)

NAMES = ("cat", "my (odd:1.5) AND [name]", "<dog>")


def fragments(prompt, call=0, **options):
    (only,) = parse_prompt(prompt, NAMES, **options)
    return list(only.at(call, 10))


def test_names_are_found_in_every_place_and_weigh_like_words():
    assert fragments("a (cat:1.3) on [<dog>]") == [
        Fragment("a "),
        Fragment("cat", 1.3, "cat"),
        Fragment(" on "),
        Fragment("<dog>", 1 / 1.1, "<dog>"),
    ]
    assert fragments("[embedding:cat:<dog>:0.5]", 1) == [Fragment("embedding:cat", 1.0, "cat")]
    assert fragments("[embedding:cat:<dog>:0.5]", 9) == [Fragment("<dog>", 1.0, "<dog>")]


def test_a_name_full_of_syntax_is_never_taken_apart():
    assert fragments("a <my (odd:1.5) AND [name]>!") == [
        Fragment("a "),
        Fragment("<my (odd:1.5) AND [name]>", 1.0, NAMES[1]),
        Fragment("!"),
    ]


def test_and_joins_weighted_subprompts():
    parts = parse_prompt("a cat :1.2 AND a dog AND rain : -0.5", ())
    assert [(part.at(0, 10), part.weight) for part in parts] == [
        ((Fragment("a cat"),), 1.2),
        ((Fragment(" a dog"),), 1.0),
        ((Fragment(" rain"),), -0.5),
    ]


def test_without_and_a_number_behind_a_colon_is_text():
    assert fragments("a poster, 16:9") == [Fragment("a poster, 16:9")]
    assert [part.weight for part in parse_prompt("ANDY:2", ())] == [1.0]


def test_a_negative_prompt_keeps_its_and():
    assert parse_negative_prompt("a AND (b)", ()).at(0, 5) == (
        Fragment("a AND "),
        Fragment("b", 1.1),
    )


def test_emphasis_can_be_ignored_or_be_text():
    assert fragments("a (cat:2)", emphasis="ignore") == [
        Fragment("a "),
        Fragment("cat", 1.0, "cat"),
    ]
    assert fragments("a (cat:2)", emphasis="none") == [
        Fragment("a ("),
        Fragment("cat", 1.0, "cat"),
        Fragment(":2)"),
    ]


def test_a_private_use_character_is_no_name():
    assert fragments("a \U000f0000 b") == [Fragment("a  b")]
    assert fragments("cat \U000f0001 b")[0] == Fragment("cat", 1.0, "cat")


def test_plain_fragments_know_names_only():
    assert plain_fragments("a (cat) [b:0.5]", NAMES) == (
        Fragment("a ("),
        Fragment("cat", 1.0, "cat"),
        Fragment(") [b:0.5]"),
    )


def written(parts):
    """Write fragments as a prompt."""
    return "".join(" BREAK " if part is BREAK else _written(part) for part in parts)


def _written(part):
    text = part.text
    if part.name is None:
        for char in "\\()[]":
            text = text.replace(char, "\\" + char)
    return text if part.weight == 1 else f"({text}:{Decimal(repr(part.weight)):f})"


PIECES = st.sampled_from(
    ["(", ")", "[", "]", ":", "|", ":1.3)", ":0.5]", ":7]", "\\", ", ", " ", "a", "red", "16:9",
     " cat ", "<dog>", " BREAK ", "{", "é"]
)  # fmt: skip


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=30), st.integers(0, 12))
def test_parsing_what_was_written_gives_the_same(pieces, call):
    once = fragments("".join(pieces), call)
    assert fragments(written(once), call) == once
    assert written(fragments(written(once), call)) == written(once)
