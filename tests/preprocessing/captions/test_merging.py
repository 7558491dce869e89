import pytest

from preprocessing.captions.merging import merge


@pytest.mark.parametrize(
    ("policy", "merged"),
    [("ignore", "new"), ("copy", "old"), ("prepend", "old, new"), ("append", "new, old")],
)
def test_both_captions_are_joined_as_the_policy_says(policy, merged):
    assert merge(" old\n", " new", policy=policy) == merged


@pytest.mark.parametrize("policy", ["ignore", "copy", "prepend", "append"])
def test_without_an_existing_caption_the_new_one_is_all(policy):
    assert merge("", "new", policy=policy) == "new"


@pytest.mark.parametrize("policy", ["copy", "prepend", "append"])
def test_without_a_new_caption_the_existing_one_is_all(policy):
    assert merge("old", "", policy=policy) == "old"


def test_the_joiner_is_a_choice():
    assert merge("old", "new", policy="append", joiner=" | ") == "new | old"
    assert merge("old", "", policy="append", joiner=" | ") == "old"
