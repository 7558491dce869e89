"""A1111's prompt editing: what a prompt says at each sampling step. Pure.

`[from:to:when]` switches, `[to:when]` adds, `[from::when]` removes, and `[one|other]` alternates;
all of them nest. `when` with a decimal point is a share of the steps, without one a number of
steps. Square brackets of any other content are emphasis, and stay for `emphasis` to read, as do
brackets without their other half. Rules: A1111's wiki, "Features", and its `prompt_parser.py`
(version 1.10), whose step count we keep: the first two sampler steps both count as step 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*")
# Brackets nested deeper than this are plain text.
_MAX_DEPTH = 32


@dataclass(frozen=True)
class Switch:
    """`[before:after:when]`; `when` is in steps, or a share of them if `is_share`."""

    before: Sequence
    after: Sequence
    when: float
    is_share: bool

    def at(self, step: int, num_steps: int) -> str:
        """Resolve to the text of a step, counted from 1."""
        limit = self.when * num_steps if self.is_share else self.when
        chosen = self.before if step <= min(num_steps, math.trunc(limit)) else self.after
        return chosen.at(step, num_steps)


@dataclass(frozen=True)
class Alternation:
    """`[one|other|…]`: the options take turns, one a step."""

    options: tuple[Sequence, ...]

    def at(self, step: int, num_steps: int) -> str:
        """Resolve to the text of a step, counted from 1."""
        return self.options[(step - 1) % len(self.options)].at(step, num_steps)


@dataclass(frozen=True)
class Sequence:
    """Plain text and edited parts, one after the other."""

    parts: tuple[str | Switch | Alternation, ...]

    def at(self, step: int, num_steps: int) -> str:
        """Resolve to the text of a step, counted from 1."""
        return "".join(
            part if isinstance(part, str) else part.at(step, num_steps) for part in self.parts
        )


@dataclass(frozen=True)
class ScheduledPrompt:
    """A prompt whose text may change from step to step."""

    sequence: Sequence

    def at(self, call: int, num_steps: int) -> str:
        """Resolve to the text for a sampler's call, counted from 0, of a drawing of `num_steps`."""
        return self.sequence.at(max(1, call), num_steps)


def parse_schedule(prompt: str) -> ScheduledPrompt:
    """Parse a prompt's editing syntax; whatever is no editing stays text as it was typed."""
    return ScheduledPrompt(_Parser(prompt).parse(0, len(prompt), 0))


class _Parser:
    """Reads one prompt; `closers` maps the index of each paired bracket to that of its partner."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.closers = _pair_brackets(text)

    def parse(self, start: int, end: int, depth: int) -> Sequence:
        parts: list[str | Switch | Alternation] = []
        copied = position = start
        while position < end:
            close = self.closers.get(position)
            if self.text[position] == "\\":
                position += 2
            elif close is None or depth >= _MAX_DEPTH:
                position += 1
            elif self.text[position] == "[" and (edit := self._edit(position, close, depth)):
                parts += [self.text[copied:position], edit]
                copied = position = close + 1
            else:
                inner = self.parse(position + 1, close, depth + 1)
                parts += [self.text[copied : position + 1], *inner.parts]
                copied, position = close, close + 1
        return Sequence(tuple(part for part in [*parts, self.text[copied:end]] if part != ""))

    def _edit(self, start: int, end: int, depth: int) -> Switch | Alternation | None:
        """Read what stands between a pair of square brackets; None if it is emphasis only."""
        bars = self._separators("|", start + 1, end)
        if bars:
            spans = zip([start, *bars], [*bars, end], strict=True)
            return Alternation(tuple(self.parse(a + 1, b, depth + 1) for a, b in spans))
        colons = self._separators(":", start + 1, end)
        if len(colons) not in (1, 2):
            return None
        when = self.text[colons[-1] + 1 : end]
        if not _NUMBER.fullmatch(when):
            return None
        before = self.parse(start + 1, colons[0], depth + 1) if len(colons) == 2 else Sequence(())
        first = colons[0] if len(colons) == 2 else start
        after = self.parse(first + 1, colons[-1], depth + 1)
        return Switch(before, after, float(when), "." in when)

    def _separators(self, separator: str, start: int, end: int) -> list[int]:
        """Find a separator within a span, but not within the brackets inside of it."""
        found: list[int] = []
        position = start
        while position < end:
            if self.text[position] == "\\":
                position += 1
            elif self.text[position] == separator:
                found.append(position)
            position = self.closers.get(position, position) + 1
        return found


def _pair_brackets(text: str) -> dict[int, int]:
    """Map each opening bracket that has a partner to it; escaped brackets are text."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    counts = {"(": 0, "[": 0}
    position = 0
    while position < len(text):
        char = text[position]
        if char == "\\":
            position += 1
        elif char in "([":
            open_at.append(position)
            counts[char] += 1
        elif char in ")]" and counts[opener := "(" if char == ")" else "["]:
            # Brackets of the other kind that were left open in between are text.
            while text[start := open_at.pop()] != opener:
                counts[text[start]] -= 1
            counts[opener] -= 1
            pairs[start] = position
        position += 1
    return pairs
