import pytest

from textual_inversion.prompts.schedule import parse_schedule


def timeline(prompt, num_steps=10):
    """List [last step, text] of each change, as A1111's own tables do."""
    schedule = parse_schedule(prompt)
    texts = [schedule.at(step, num_steps) for step in range(1, num_steps + 1)]
    ends = [
        step
        for step in range(1, num_steps + 1)
        if step == num_steps or texts[step] != texts[step - 1]
    ]
    return [[end, texts[end - 1]] for end in ends]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("test", [[10, "test"]]),
        ("a [b:3]", [[3, "a "], [10, "a b"]]),
        ("a [b: 3]", [[3, "a "], [10, "a b"]]),
        ("a [[[b]]:2]", [[2, "a "], [10, "a [[b]]"]]),
        ("[(a:2):3]", [[3, ""], [10, "(a:2)"]]),
        ("a [b : c : 1] d", [[1, "a b  d"], [10, "a  c  d"]]),
        ("a[b:[c:d:2]:1]e", [[1, "abe"], [2, "ace"], [10, "ade"]]),
        ("a [unbalanced", [[10, "a [unbalanced"]]),
        ("a [b:.5] c", [[5, "a  c"], [10, "a b c"]]),
        ("((a][:b:c [d:3]", [[3, "((a][:b:c "], [10, "((a][:b:c d"]]),
        ("a [b::0.3] c", [[3, "a b c"], [10, "a  c"]]),
        ("a [b:c:0] d", [[10, "a c d"]]),
        ("a [b:c:-1] d", [[10, "a c d"]]),
        ("a [b:c:99] d", [[10, "a b d"]]),
        ("a [b:c:1.0] d", [[10, "a b d"]]),
        ("a [b:c:1e0] d", [[1, "a b d"], [10, "a c d"]]),
        (r"a \[b:3\]", [[10, r"a \[b:3\]"]]),
        (r"[a\:b:c:5]", [[5, r"a\:b"], [10, "c"]]),
        ("[a:b:c:5]", [[10, "[a:b:c:5]"]]),
        ("[a:b]", [[10, "[a:b]"]]),
        ("[]", [[10, "[]"]]),
        ("[:]", [[10, "[:]"]]),
        ("", [[10, ""]]),
        ("\\", [[10, "\\"]]),
        ("a(b [c:5] d)", [[5, "a(b  d)"], [10, "a(b c d)"]]),
    ],
)
def test_a_prompt_is_edited_by_a1111s_rules(prompt, expected):
    assert timeline(prompt) == expected


def test_options_take_turns():
    expected = [[step, ["a", "(b:1.1)"][(step - 1) % 2]] for step in range(1, 11)]
    assert timeline("[a|(b:1.1)]") == expected
    assert [text for _, text in timeline("x[a|b|]", 6)] == ["xa", "xb", "x", "xa", "xb", "x"]


def test_an_alternation_holds_a_switch_and_the_other_way_round():
    assert timeline("[a|[b:c:4]]", 6) == [
        [1, "a"],
        [2, "b"],
        [3, "a"],
        [4, "b"],
        [5, "a"],
        [6, "c"],
    ]
    assert timeline("[x:[a|b]:3]", 5) == [[3, "x"], [4, "b"], [5, "a"]]


def test_the_first_two_calls_are_step_one_as_in_a1111():
    schedule = parse_schedule("[a|b]")
    assert [schedule.at(call, 20) for call in range(5)] == ["a", "a", "b", "a", "b"]
    assert [parse_schedule("[a:b:2]").at(call, 20) for call in range(4)] == ["a", "a", "a", "b"]


@pytest.mark.parametrize(
    "hostile", ["[" * 50_000, "([" * 25_000, "[" * 3000 + "a:1]" * 3000, "[a|" * 30_000]
)
def test_a_hostile_prompt_is_parsed_at_once(hostile):
    assert isinstance(parse_schedule(hostile).at(3, 20), str)
