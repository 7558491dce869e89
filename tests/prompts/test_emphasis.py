import pytest

from textual_inversion.prompts.emphasis import BREAK, Fragment, parse_emphasis


def weighed(prompt):
    return [[fragment.text, pytest.approx(fragment.weight)] for fragment in parse_emphasis(prompt)]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("normal text", [["normal text", 1.0]]),
        ("an (important) word", [["an ", 1.0], ["important", 1.1], [" word", 1.0]]),
        ("(unbalanced", [["unbalanced", 1.1]]),
        ("unbalanced)", [["unbalanced)", 1.0]]),
        ("[[less", [["less", 1 / 1.21]]),
        (r"\(literal\]", [["(literal]", 1.0]]),
        (r"a \\ b", [["a \\ b", 1.0]]),
        ("a \\", [["a \\", 1.0]]),
        ("(unnecessary)(parens)", [["unnecessaryparens", 1.1]]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ["a ", 1.0],
                ["house", 1.573],
                [" ", 1.1],
                ["on", 1.0],
                [" a ", 1.1],
                ["hill", 0.55],
                [", sun, ", 1.1],
                ["sky", 1.4641],
                [".", 1.1],
            ],
        ),
        ("(x:abc)", [["x:abc", 1.1]]),
        ("(x:1.2.3)", [["x:1.2.3", 1.1]]),
        ("(x: 1.5 )", [["x", 1.5]]),
        ("(x:-1)", [["x", -1.0]]),
        ("(x:.5)", [["x", 0.5]]),
        ("(x:1000000)", [["x", 1e6]]),
        ("x:1.3)", [["x:1.3)", 1.0]]),
        ("(a [b) c]", [["a ", 1.1], ["b", 1.0], [" c", 1 / 1.1]]),
        ("()", []),
        ("", []),
    ],
)
def test_brackets_weigh_by_a1111s_rules(prompt, expected):
    assert weighed(prompt) == expected


def test_break_stands_alone_also_within_brackets():
    expected = [Fragment("a"), BREAK, Fragment("b")]
    assert parse_emphasis("a BREAK\n b") == expected
    assert parse_emphasis("a BREAKS b") == [Fragment("a BREAKS b")]
    inside = parse_emphasis("(a BREAK b:1.5)")
    assert inside == [Fragment("a", 1.5), BREAK, Fragment("b", 1.5)]
    assert inside[1] is BREAK


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile",
    [
        "(" * 100_000,
        "([" * 50_000 + "x",
        " " * 100_000,
        ":" * 100_000,
        "(a:" * 30_000,
        "(a:" + "9" * 100_000,
    ],
)
def test_a_hostile_prompt_is_parsed_at_once(hostile):
    assert parse_emphasis(hostile)
