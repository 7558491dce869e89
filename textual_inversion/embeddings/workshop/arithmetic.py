"""Arithmetic with words: `king - man + woman`, `0.5 * <cat> + dog`.

+ and - stand between spaces, so that a hyphen belongs to its word; a term is words or an embedding
in angle brackets, and may have a factor and an asterisk before it. Words are the vectors of their
tokens; a term of one vector goes with each vector of the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual_inversion.embeddings.workshop.operations import Vectors
from textual_inversion.errors import EmbeddingError
from textual_inversion.models.vocabulary import Vocabulary
from textual_inversion.names import is_bracketed

_SIGN = re.compile(r"(?:^|\s)([+-])(?=\s)")
_FACTOR = re.compile(r"([0-9]*\.?[0-9]+)\s*\*\s*(.+)", re.DOTALL)
_MOST_TERMS = 32


@dataclass(frozen=True)
class Term:
    """Words or `<name>`, and what they are multiplied by."""

    factor: float
    text: str


def read_expression(text: str) -> list[Term]:
    """Read the terms of an expression.

    Raises:
        EmbeddingError: It has no terms, too many, or two signs one after another.
    """
    pieces = _SIGN.split(text.strip())
    signed = list(zip(["+", *pieces[1::2]], pieces[0::2], strict=True))
    if len(signed) > 1 and not signed[0][1].strip():  # it begins with a sign
        signed = signed[1:]
    if len(signed) > _MOST_TERMS or any(not words.strip() for _, words in signed):
        raise EmbeddingError(
            f'"{text[:80]}" is no sum of words and <embeddings>; write it like king - man + woman, '
            "with spaces around the signs."
        )
    return [_term(1.0 if sign == "+" else -1.0, words.strip()) for sign, words in signed]


def calculate(
    terms: Sequence[Term], words: Sequence[Vocabulary], load: Callable[[str], Vectors]
) -> Vectors:
    """Add up the terms.

    Args:
        terms: What `read_expression` found.
        words: The base model's words, for each text encoder.
        load: Reads the vectors of an embedding that fits the base model.

    Raises:
        EmbeddingError: Two terms of several vectors have different numbers of them.
    """
    vectors = [load(t.text) if is_bracketed(t.text) else _of_words(t.text, words) for t in terms]
    counts = {len(one[0]): term.text for term, one in zip(terms, vectors, strict=True)}
    counts.pop(1, None)
    if len(counts) > 1:
        listed = " and ".join(f"{text} has {count}" for count, text in counts.items())
        raise EmbeddingError(
            f"The terms have different numbers of vectors: {listed}; use terms of one vector, or "
            "of one number."
        )
    return tuple(
        sum(
            (term.factor * one[encoder] for term, one in zip(terms, vectors, strict=True)),
            vectors[0][encoder].new_zeros(()),
        )
        for encoder in range(len(words))
    )


def _term(sign: float, words: str) -> Term:
    found = _FACTOR.fullmatch(words)
    return Term(sign * float(found[1]), found[2].strip()) if found else Term(sign, words)


def _of_words(text: str, words: Sequence[Vocabulary]) -> Vectors:
    return tuple(
        one.table[one.tokenizer(text, add_special_tokens=False).input_ids] for one in words
    )
