"""Captions as tags, the words between commas, and every change that can be made to them. Pure.

A change takes a caption and gives the new one; a caption that it has nothing to do with comes back
to the letter.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from textual_inversion.errors import SettingsError

Change = Callable[[str], str]
End = Literal["front", "end"]


@dataclass(frozen=True)
class Search:
    """What to look for: whole tags that match, or matches anywhere in a caption."""

    pattern: re.Pattern[str]
    is_expression: bool
    whole_tags: bool

    def finds(self, tag: str) -> bool:
        """Tell whether a tag is one of those looked for."""
        return bool(self.pattern.fullmatch(tag) if self.whole_tags else self.pattern.search(tag))


def search(text: str, *, is_expression: bool = False, whole_tags: bool = True) -> Search:
    """Read what to look for; plain text ignores letter case, expressions mind it.

    Raises:
        SettingsError: There is no text, or it is no regular expression.
    """
    text = text.strip(" ,") if whole_tags and not is_expression else text
    if not text:
        raise SettingsError("Nothing to look for; write a tag, or some text, first.")
    try:
        pattern = re.compile(text) if is_expression else re.compile(re.escape(text), re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(
            f'"{text}" is no regular expression: {error}; correct it, or search for it as plain '
            "text."
        ) from None
    return Search(pattern, is_expression, whole_tags)


def tags_of(caption: str) -> list[str]:
    """List the tags of a caption, in order."""
    return [tag for tag in (part.strip() for part in caption.split(",")) if tag]


def joined(tags: Iterable[str]) -> str:
    """Write tags as a caption."""
    return ", ".join(tags)


def counted(captions: Iterable[str]) -> list[tuple[str, int]]:
    """Tell how many captions have each tag, the most common first; letter case does not matter."""
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for caption in captions:
        for tag in _each_once(tags_of(caption)):
            spelling.setdefault(tag.casefold(), tag)
            counts[tag.casefold()] += 1
    common = sorted(counts, key=lambda tag: (-counts[tag], tag))
    return [(spelling[tag], counts[tag]) for tag in common]


def adding(text: str, *, at: End) -> Change:
    """Give the change that puts tags at one end; those that a caption has already are not added.

    Raises:
        SettingsError: There is no tag in the text.
    """
    tags = _each_once(tags_of(text))
    if not tags:
        raise SettingsError("Nothing to add; write a tag, or several with commas, first.")
    return partial(_add, tags, at)


def replacing(found: Search, replacement: str) -> Change:
    r"""Give the change that replaces what is found; an expression's groups are \1, \2.

    Raises:
        SettingsError: The replacement asks for a group that is not there.
    """
    if found.is_expression:
        try:
            found.pattern.sub(replacement, "")
        except (re.error, IndexError) as error:
            raise SettingsError(
                f'"{replacement}" cannot stand for what is found: {error}; groups are written '
                r"\1, a backslash \\."
            ) from None
    return partial(_replace, found, replacement)


def removing(found: Search) -> Change:
    """Give the change that takes away what is found."""
    return partial(_replace, found, "")


def to_front(found: Search) -> Change:
    """Give the change that puts the tags that are found first."""
    return lambda caption: _reordered(
        caption, sorted(tags_of(caption), key=lambda tag: not found.finds(tag))
    )


def alphabetical(caption: str) -> str:
    """Sort the tags of a caption by the alphabet."""
    return _reordered(caption, sorted(tags_of(caption), key=str.casefold))


def by_frequency(captions: Iterable[str]) -> Change:
    """Give the change that puts the tags first which most of `captions` have."""
    ranks = {tag.casefold(): rank for rank, (tag, _) in enumerate(counted(captions))}
    return lambda caption: _reordered(
        caption,
        sorted(tags_of(caption), key=lambda tag: ranks.get(tag.casefold(), len(ranks))),
    )


def without_doubles(caption: str) -> str:
    """Keep each tag once, where it stands first; letter case does not matter."""
    return _reordered(caption, _each_once(tags_of(caption)))


def _add(tags: Sequence[str], at: End, caption: str) -> str:
    known = {tag.casefold() for tag in tags_of(caption)}
    new = joined(tag for tag in tags if tag.casefold() not in known)
    if not new or not known:
        return new or caption
    return f"{new}, {caption.lstrip(' ,')}" if at == "front" else f"{caption.rstrip(' ,')}, {new}"


def _replace(found: Search, replacement: str, caption: str) -> str:
    if not found.whole_tags:
        text = found.pattern.sub(_template(found, replacement), caption)
        return caption if text == caption else joined(tags_of(re.sub(r"[ \t]{2,}", " ", text)))
    new: list[str] = []
    for tag in tags_of(caption):
        match = found.pattern.fullmatch(tag)
        new += tags_of(_written(found, match, replacement)) if match else [tag]
    return _reordered(caption, new)


def _template(found: Search, replacement: str) -> str | Callable[[re.Match[str]], str]:
    return replacement if found.is_expression else lambda _: replacement


def _written(found: Search, match: re.Match[str], replacement: str) -> str:
    return match.expand(replacement) if found.is_expression else replacement


def _each_once(tags: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(tag.casefold(), tag)
    return list(first.values())


def _reordered(caption: str, tags: list[str]) -> str:
    return caption if tags == tags_of(caption) else joined(tags)
