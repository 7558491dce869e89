import pytest

from tests.tiny import tokenizer
from textual_inversion.errors import SettingsError
from textual_inversion.evaluation.candidates import list_words, read_words


def test_whole_words_come_in_the_order_they_were_learned():
    assert list_words(tokenizer(), 100) == ["photo", "cat", "dog", "red", "blue", "house"]
    assert list_words(tokenizer(), 2) == ["photo", "cat"]


def test_words_given_by_hand_count_once():
    assert read_words("cat, brown dog\nhouse,cat,") == ["cat", "brown dog", "house"]
    with pytest.raises(SettingsError, match="words holds only commas"):
        read_words(" , ,")
