"""A prompt in A1111's language, whole: names of embeddings, editing, `AND`, emphasis. Pure.

Names are found first and stand for themselves from then on, so that one with a colon, a bracket
or the word AND in it is never taken apart. Nothing here fails: what is no syntax is text, as A1111
reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from textual_inversion.prompts.emphasis import BREAK, Fragment, parse_emphasis
from textual_inversion.prompts.placeholders import split_names
from textual_inversion.prompts.schedule import ScheduledPrompt, parse_schedule
from textual_inversion.settings import Emphasis

_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
# A private-use character stands for each name while the rest of the prompt is parsed.
_FIRST_MARK = 0xF0000
_MARKS = re.compile("([\U000f0000-\U000ffffd\U00100000-\U0010fffd])")


@dataclass(frozen=True)
class Subprompt:
    """What stands between two `AND`s, and its weight in the guidance."""

    schedule: ScheduledPrompt
    weight: float
    names: tuple[Fragment, ...]
    emphasis: Emphasis = "original"

    def at(self, call: int, num_steps: int) -> tuple[Fragment, ...]:
        """Resolve to the weighted fragments of a sampler's call, counted from 0."""
        return _fragments(self.schedule.at(call, num_steps), self.names, self.emphasis)


# A sampler asks at every step, and most prompts say the same at all of them.
@lru_cache(maxsize=256)
def _fragments(text: str, names: tuple[Fragment, ...], emphasis: Emphasis) -> tuple[Fragment, ...]:
    parsed = [Fragment(text)] if emphasis == "none" else parse_emphasis(text)
    return tuple(part for one in parsed for part in _with_names(one, names, emphasis))


def _with_names(
    fragment: Fragment, names: tuple[Fragment, ...], emphasis: Emphasis
) -> Iterable[Fragment]:
    if fragment is BREAK:
        yield fragment
        return
    weight = 1.0 if emphasis == "ignore" else fragment.weight
    for text in _MARKS.split(fragment.text):
        if _MARKS.fullmatch(text):
            named = names[ord(text) - _FIRST_MARK]
            yield Fragment(named.text, weight, named.name)
        elif text:
            yield Fragment(text, weight)


def parse_prompt(
    prompt: str, names: Iterable[str], *, emphasis: Emphasis = "original"
) -> list[Subprompt]:
    """Parse a prompt: one subprompt, or several that `AND` joins.

    A number behind a subprompt's last colon is its weight. A1111 reads so a prompt without any
    `AND`, too ("a poster, 16:9" nine times as strong); here that is text.

    Args:
        prompt: As typed.
        names: Embeddings that may be named in it, as `split_names` takes them.
        emphasis: What brackets mean.
    """
    marked, found = _mark_names(prompt, names)
    first, *others = _AND.split(marked)
    weighed = map(_split_weight, [first, *others]) if others else [(first, 1.0)]
    return [Subprompt(parse_schedule(text), weight, found, emphasis) for text, weight in weighed]


def parse_negative_prompt(
    prompt: str, names: Iterable[str], *, emphasis: Emphasis = "original"
) -> Subprompt:
    """Parse a negative prompt, in which `AND` is a word like others."""
    marked, found = _mark_names(prompt, names)
    return Subprompt(parse_schedule(marked), 1.0, found, emphasis)


def plain_fragments(prompt: str, names: Iterable[str]) -> tuple[Fragment, ...]:
    """Split a text without any syntax but names, as training and captions read it."""
    pieces = split_names(prompt, names)
    return tuple(Fragment(piece.text, 1.0, piece.name) for piece in pieces)


def _mark_names(prompt: str, names: Iterable[str]) -> tuple[str, tuple[Fragment, ...]]:
    marked: list[str] = []
    found: list[Fragment] = []
    for piece in split_names(_MARKS.sub("", prompt), names):
        if piece.name is None:
            marked.append(piece.text)
        else:
            marked.append(chr(_FIRST_MARK + len(found)))
            found.append(Fragment(piece.text, 1.0, piece.name))
    return "".join(marked), tuple(found)


def _split_weight(text: str) -> tuple[str, float]:
    before, _, weight = text.rpartition(":")
    if _WEIGHT.fullmatch(weight.strip()):
        return before.rstrip(), float(weight)
    return text.rstrip(), 1.0
