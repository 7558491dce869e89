r"""A1111's emphasis: which weight each part of a prompt has. Pure.

`(x)` is worth 1.1, `[x]` 1/1.1, `(x:1.3)` 1.3; they nest and multiply. `\(` is a bracket of the
text. A bracket that is never closed counts to the end of the prompt, and one that was never opened
is text. `BREAK` begins a new chunk. Rules: A1111's wiki, "Attention/emphasis", and its
`prompt_parser.py` (version 1.10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby

_STRONGER = 1.1
_WEAKER = 1 / 1.1
_TOKEN = re.compile(
    r"\\(?P<escaped>[()\[\]\\])"
    r"|(?P<weighed>:\s*(?P<weight>[+-]?(?:\d+(?:\.\d*)?|\.\d+))\s*\))"
    r"|(?P<bracket>[()\[\]])"
    r"|[^\\()\[\]:]+|[\\:]"
)
_BREAK = re.compile(r"\bBREAK\b")
# Brackets nested deeper than this are plain text.
_MAX_DEPTH = 32


@dataclass(frozen=True)
class Fragment:
    """A part of a prompt with one weight; `name` says which embedding it stands for, if any."""

    text: str
    weight: float = 1.0
    name: str | None = None


BREAK = Fragment("BREAK", 0.0)
"""Where a prompt asks for a new chunk; told apart by identity."""


def parse_emphasis(prompt: str) -> list[Fragment]:
    """Weigh the parts of a prompt; neighbors of equal weight are one fragment."""
    reader = _Reader()
    for index, part in enumerate(_BREAK.split(prompt)):
        if index:
            reader.add(None)
        reader.read(part)
    reader.close_all()
    return list(reader.fragments())


class _Reader:
    """Collects texts and their weights; a text of None is a break."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self.weights: list[float] = []
        self.round: list[int] = []  # where the open brackets began, as indices of `texts`
        self.square: list[int] = []

    def read(self, text: str) -> None:
        """Take in a text that holds no break."""
        for match in _TOKEN.finditer(text):
            if not self._read_bracket(match):
                self.add(match["escaped"] or match[0])

    def add(self, text: str | None) -> None:
        """Take in a text that is no bracket, or a break."""
        self.texts.append(text)
        self.weights.append(1.0)

    def close_all(self) -> None:
        """Close what the prompt left open."""
        for start in self.round:
            self._multiply(start, _STRONGER)
        for start in self.square:
            self._multiply(start, _WEAKER)

    def fragments(self) -> list[Fragment]:
        """Join neighbors of equal weight; spaces beside a break are none of the text."""
        joined: list[Fragment] = []
        pairs = zip(self.texts, self.weights, strict=True)
        for (is_break, weight), group in groupby(pairs, lambda p: (p[0] is None, p[1])):
            text = "".join(text for text, _ in group if text is not None)
            if is_break:
                _strip_end(joined)
            elif joined and joined[-1] is BREAK:
                text = text.lstrip()
            if is_break or text:
                joined.append(BREAK if is_break else Fragment(text, weight))
        return joined

    def _read_bracket(self, match: re.Match[str]) -> bool:
        """Open or close a bracket; False if it is only text."""
        bracket = match["bracket"]
        if match["weighed"] and self.round:
            self._multiply(self.round.pop(), float(match["weight"]))
        elif bracket == ")" and self.round:
            self._multiply(self.round.pop(), _STRONGER)
        elif bracket == "]" and self.square:
            self._multiply(self.square.pop(), _WEAKER)
        elif bracket in ("(", "[") and len(self.round) + len(self.square) < _MAX_DEPTH:
            (self.round if bracket == "(" else self.square).append(len(self.texts))
        else:
            return False
        return True

    def _multiply(self, start: int, weight: float) -> None:
        for index in range(start, len(self.weights)):
            self.weights[index] *= weight


def _strip_end(fragments: list[Fragment]) -> None:
    while fragments and fragments[-1] is not BREAK:
        last = fragments.pop()
        if text := last.text.rstrip():
            fragments.append(replace(last, text=text))
            return
