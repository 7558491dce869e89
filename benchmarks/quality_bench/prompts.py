"""What is asked of every embedding, from the same noise each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.pocket_model.data import STYLES

Kind = Literal["plain", "background", "style", "two", "beside"]
PLACEHOLDER = "*"
COLOURS = ("red", "yellow", "green", "blue", "purple", "black")
OTHERS = ("lion", "red apple", "guitar")


@dataclass(frozen=True)
class Asked:
    """A prompt with `*` for the word, and what it wants beside the subject."""

    kind: Kind
    text: str
    wanted: str = ""


def all_asked() -> list[Asked]:
    """List twenty prompts: four plain, six backgrounds, five styles, two of it, three beside it."""
    return [
        *_plain(4),
        *_on(COLOURS),
        *_styled(),
        *([Asked("two", "a photo of two *")] * 2),
        *(Asked("beside", f"a photo of a * beside a {other}", other) for other in OTHERS),
    ]


def few_asked() -> list[Asked]:
    """List eleven of them, to tune with."""
    other = OTHERS[0]
    beside = Asked("beside", f"a photo of a * beside a {other}", other)
    return [*_plain(2), *_on(COLOURS[::2]), *_styled(), beside]


def _plain(count: int) -> list[Asked]:
    return [Asked("plain", "a photo of a *")] * count


def _on(colours: tuple[str, ...]) -> list[Asked]:
    return [
        Asked("background", f"a photo of a *, on a {colour} background", colour)
        for colour in colours
    ]


def _styled() -> list[Asked]:
    return [
        Asked("style", f"a photo of a *, {style} style, on a white background", style)
        for style in STYLES
    ]
