"""The words of a vocabulary that may begin an embedding."""

from __future__ import annotations

from typing import Any

from textual_inversion.errors import SettingsError

_END = "</w>"
_SHORTEST = 3
# Words that say nothing of a subject; the rest of English is left to the model's own loss.
_STOP_WORDS = frozenset((
    "the", "and", "for", "with", "you", "your", "are", "was", "were", "not", "but", "has",
    "have", "had", "from", "that", "this", "these", "those", "they", "them", "his", "her",
    "him", "she", "its", "our", "out", "all", "any", "can", "did", "does", "how", "into",
    "more", "most", "much", "nor", "off", "one", "only", "other", "over", "own", "same",
    "should", "some", "such", "than", "then", "there", "through", "too", "under", "until",
    "very", "what", "when", "where", "which", "while", "who", "whom", "why", "will", "would",
    "about", "after", "again", "against", "because", "been", "before", "being", "below",
    "between", "both", "during", "each", "few", "further", "here", "just", "now", "once",
))  # fmt: skip


def list_words(tokenizer: Any, most: int) -> list[str]:
    """List whole words of a CLIP tokenizer that are one token each, the commonest first.

    Byte pair encoding learns frequent pairs first (arXiv:1508.07909), so a low id is a common word.
    Left out: what has no end mark, other characters than letters, fewer than three letters, and
    function words.
    """
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = (token.removesuffix(_END) for token, _ in vocabulary if token.endswith(_END))
    fit = [word for word in words if _is_fit(word)]
    return fit[:most]


def read_words(text: str) -> list[str]:
    """Read words given by hand, with commas or line ends between them, each once.

    Raises:
        SettingsError: There is none.
    """
    parts = (part.strip() for line in text.splitlines() for part in line.split(","))
    words = list(dict.fromkeys(part for part in parts if part))
    if not words:
        raise SettingsError("words holds only commas; write words between them, or leave it empty.")
    return words


def _is_fit(word: str) -> bool:
    return word.isascii() and word.isalpha() and len(word) >= _SHORTEST and word not in _STOP_WORDS
