import pytest

from preprocessing.captioners.tagging import Tagging
from textual_inversion.settings import PreprocessSettings

SCORES = [("smile", 0.6), ("long_hair", 0.9), ("hat_(straw)", 0.7), ("^_^", 0.8)]


@pytest.mark.parametrize(
    ("tagging", "caption"),
    [
        (Tagging(), r"^_^, hat \(straw\), long hair, smile"),
        (Tagging(alphabetical=False), r"long hair, ^_^, hat \(straw\), smile"),
        (Tagging(spaces=False, escape=False), "^_^, hat_(straw), long_hair, smile"),
        (Tagging(filtered=frozenset({"smile", "long_hair"})), r"^_^, hat \(straw\)"),
    ],
)
def test_tags_are_worded_as_asked(tagging, caption):
    assert tagging.caption(SCORES) == caption


def test_backslashes_are_escaped_too():
    assert Tagging().caption([("a\\b", 1.0)]) == r"a\\b"


def test_what_is_filtered_may_be_written_with_spaces():
    settings = PreprocessSettings(source="a", destination="b", tags_filter=" Long hair, smile,")
    assert Tagging.of(settings).caption(SCORES) == r"^_^, hat \(straw\)"


def test_no_tags_are_an_empty_caption():
    assert Tagging().caption([]) == ""
