"""The learned vectors among the words of the vocabulary, as they change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from textual_inversion.events import Measured
from textual_inversion.runs.state import Run
from webui.html import render

_HEADS = ("", "Nearest word, over time", "Length, in words", "Moved, in words", "Cosine to others")
_MOST_ROWS = 16
_MOST_WORDS = 4
# Vectors some times as long as words begin to overrule the rest of a prompt.
_LONG = 2.0


@dataclass(frozen=True)
class _Row:
    """One vector: `words` are the last that it was nearest to, each after the step it came at."""

    number: int
    words: list[tuple[int, str]]
    has_earlier_words: bool
    length: float
    moved: float
    cosine: float | None

    @property
    def tone(self) -> str:
        return "long" if self.length > _LONG else "fine"


def vectors_html(run: Run | None) -> Markup:
    """Draw a row for each vector: the words it has been nearest to, its length, how far it went."""
    history = list(run.measured) if run is not None else []
    if not history:
        return Markup()
    newest = history[-1]
    count = len(newest.norms)
    return render(
        "charts/vectors",
        step=newest.step,
        heads=_HEADS if count > 1 else _HEADS[:-1],
        rows=[_row(history, index) for index in range(min(count, _MOST_ROWS))],
        # The end of the gauges.
        longest=max(_LONG, *(norm / newest.vocabulary_norm for norm in newest.norms)),
        num_more=max(count - _MOST_ROWS, 0),
    )


def _row(history: Sequence[Measured], index: int) -> _Row:
    newest = history[-1]
    words = _nearest_words(history, index)
    return _Row(
        number=index + 1,
        words=words[-_MOST_WORDS:],
        has_earlier_words=len(words) > _MOST_WORDS,
        length=newest.norms[index] / newest.vocabulary_norm,
        moved=newest.moved[index],
        cosine=newest.cosines[index] if len(newest.norms) > 1 else None,
    )


def _nearest_words(history: Sequence[Measured], index: int) -> list[tuple[int, str]]:
    """List the words nearest to a vector in the order they came, each after its first step."""
    words: list[tuple[int, str]] = []
    for measured in history:
        if index < len(measured.nearest):
            word = measured.nearest[index]
            if not words or words[-1][1] != word:
                words.append((measured.step, word))
    return words
