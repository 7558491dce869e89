"""The learned vectors among the words of the vocabulary, as they change. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from textual_inversion.events import Measured
from textual_inversion.runs.state import Run

_HEADS = ("", "Nearest word, over time", "Length, in words", "Moved, in words", "Cosine to others")
_SHOWN = 16
_STATIONS = 4
# Vectors some times as long as words begin to overrule the rest of a prompt.
_LONG = 2.0


def vectors_html(run: Run | None) -> str:
    """Draw a row for each vector: the words it has been nearest to, its length, how far it went."""
    history = list(run.measured) if run is not None else []
    if not history:
        return ""
    now = history[-1]
    longest = max(_LONG, *(norm / now.vocabulary_norm for norm in now.norms))
    count = len(now.norms)
    rows = "".join(_row(history, place, longest) for place in range(min(count, _SHOWN)))
    after = f"<p>… and {count - _SHOWN} more.</p>" if count > _SHOWN else ""
    heads = _HEADS if count > 1 else _HEADS[:-1]
    head = "".join(f'<th scope="col">{text}</th>' for text in heads)
    return (
        f'<table class="ti-vectors"><caption>The vectors at step {now.step}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{after}"
    )


def _row(history: Sequence[Measured], place: int, longest: float) -> str:
    now = history[-1]
    cells = [
        _way([(seen.step, seen.nearest[place]) for seen in history if place < len(seen.nearest)]),
        _gauge(now.norms[place] / now.vocabulary_norm, longest),
        f"{now.moved[place]:.2f}",
    ]
    if len(now.norms) > 1:
        cells.append(f"{now.cosines[place]:.2f}")
    return (
        f'<tr><th scope="row">{place + 1}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
    )


def _way(words: Sequence[tuple[int, str]]) -> str:
    """Name the words in the order they came, the last ones with the step they came at."""
    stations = [
        f"{escape(word)} <small>{step}</small>"
        for (step, word), before in zip(words, [None, *words], strict=False)
        if before is None or word != before[1]
    ]
    left_out = "… → " if len(stations) > _STATIONS else ""
    return left_out + " → ".join(stations[-_STATIONS:])


def _gauge(length: float, longest: float) -> str:
    """Draw a length as a bar, with a mark where the words of the vocabulary are on average."""
    tone = "long" if length > _LONG else "fine"
    return (
        f'<span class="ti-gauge ti-{tone}" role="meter" aria-label="length in words" '
        f'aria-valuemin="0" aria-valuemax="{longest:.2f}" aria-valuenow="{length:.2f}" '
        f'title="the mark is the mean length of a word">'
        f'<i style="width:{100 * length / longest:.1f}%"></i>'
        f'<b style="left:{100 / longest:.1f}%"></b></span>{length:.2f}'
    )
