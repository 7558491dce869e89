"""Captions as tags, the words between commas, and every change that can be made to them. Pure.

A change is a function from a caption to the new one; a caption without a match is returned
unchanged.
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
    """A search for whole tags that match, or for matches anywhere in a caption."""

    pattern: re.Pattern[str]
    is_expression: bool
    whole_tags: bool

    def finds(self, tag: str) -> bool:
        """Whether a tag matches."""
        return bool(self.pattern.fullmatch(tag) if self.whole_tags else self.pattern.search(tag))


def parse_search(text: str, *, is_expression: bool = False, whole_tags: bool = True) -> Search:
    """Parse a search; plain text ignores letter case, regular expressions do not.

    Raises:
        SettingsError: The text is empty or not a valid regular expression.
    """
    text = text.strip(" ,") if whole_tags and not is_expression else text
    if not text:
        raise SettingsError("There is nothing to search for; enter a tag or some text.")
    try:
        pattern = re.compile(text) if is_expression else re.compile(re.escape(text), re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise SettingsError(
            f'"{text}" is not a regular expression: {error}; correct it, or search for it as plain '
            "text."
        ) from None
    return Search(pattern, is_expression, whole_tags)


def tags_of(caption: str) -> list[str]:
    """List the tags of a caption, in order."""
    return [tag for tag in (part.strip() for part in caption.split(",")) if tag]


def join_tags(tags: Iterable[str]) -> str:
    """Join tags to a caption, with ", "."""
    return ", ".join(tags)


def count_tags(captions: Iterable[str]) -> list[tuple[str, int]]:
    """Count the captions that have each tag, the most common first, ignoring letter case."""
    spelling: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for caption in captions:
        for tag in _distinct(tags_of(caption)):
            spelling.setdefault(tag.casefold(), tag)
            counts[tag.casefold()] += 1
    common = sorted(counts, key=lambda tag: (-counts[tag], tag))
    return [(spelling[tag], counts[tag]) for tag in common]


def adding(text: str, *, at: End) -> Change:
    """Return the change that adds tags at one end, except those that a caption already has.

    Raises:
        SettingsError: The text has no tag.
    """
    tags = _distinct(tags_of(text))
    if not tags:
        raise SettingsError("There is nothing to add; enter one tag, or several with commas.")
    return partial(_add, tags, at)


def replacing(found: Search, replacement: str) -> Change:
    r"""Return the change that replaces matches; an expression's groups are \1, \2.

    Raises:
        SettingsError: The replacement refers to a group that does not exist.
    """
    if found.is_expression:
        try:
            found.pattern.sub(replacement, "")
        except (re.error, IndexError) as error:
            raise SettingsError(
                f'"{replacement}" is not a valid replacement: {error}; groups are written '
                r"\1, a backslash \\."
            ) from None
    return partial(_replace, found, replacement)


def removing(found: Search) -> Change:
    """Return the change that removes matches."""
    return partial(_replace, found, "")


def to_front(found: Search) -> Change:
    """Return the change that moves matching tags to the front."""
    return lambda caption: _reordered(
        caption, sorted(tags_of(caption), key=lambda tag: not found.finds(tag))
    )


def alphabetical(caption: str) -> str:
    """Sort the tags of a caption alphabetically."""
    return _reordered(caption, sorted(tags_of(caption), key=str.casefold))


def by_frequency(captions: Iterable[str]) -> Change:
    """Return the change that sorts tags by how many of `captions` have them, most first."""
    ranks = {tag.casefold(): rank for rank, (tag, _) in enumerate(count_tags(captions))}
    return lambda caption: _reordered(
        caption,
        sorted(tags_of(caption), key=lambda tag: ranks.get(tag.casefold(), len(ranks))),
    )


def without_doubles(caption: str) -> str:
    """Remove repeated tags, keeping the first of each, ignoring letter case."""
    return _reordered(caption, _distinct(tags_of(caption)))


def _add(tags: Sequence[str], at: End, caption: str) -> str:
    known = {tag.casefold() for tag in tags_of(caption)}
    new = join_tags(tag for tag in tags if tag.casefold() not in known)
    if not new or not known:
        return new or caption
    return f"{new}, {caption.lstrip(' ,')}" if at == "front" else f"{caption.rstrip(' ,')}, {new}"


def _replace(found: Search, replacement: str, caption: str) -> str:
    if not found.whole_tags:
        text = found.pattern.sub(_template(found, replacement), caption)
        return caption if text == caption else join_tags(tags_of(re.sub(r"[ \t]{2,}", " ", text)))
    new: list[str] = []
    for tag in tags_of(caption):
        match = found.pattern.fullmatch(tag)
        new += tags_of(_written(found, match, replacement)) if match else [tag]
    return _reordered(caption, new)


def _template(found: Search, replacement: str) -> str | Callable[[re.Match[str]], str]:
    return replacement if found.is_expression else lambda _: replacement


def _written(found: Search, match: re.Match[str], replacement: str) -> str:
    return match.expand(replacement) if found.is_expression else replacement


def _distinct(tags: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for tag in tags:
        first.setdefault(tag.casefold(), tag)
    return list(first.values())


def _reordered(caption: str, tags: list[str]) -> str:
    return caption if tags == tags_of(caption) else join_tags(tags)
