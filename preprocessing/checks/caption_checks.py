"""Checks of captions and templates; each yields at most one finding."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from preprocessing.checks.image_checks import Finding
from preprocessing.checks.measurements import Measurements
from textual_inversion.prompts.placeholders import split_names
from textual_inversion.prompts.template import fill_template
from textual_inversion.settings.base import PROMPT_TOKENS

Captioned = Sequence[tuple[Measurements, str]]
CountTokens = Callable[[str], int]

_MIN_CAPTIONS = 3  # two captions may well share a word by chance
# Words that do not describe a picture.
_STOP_WORDS = frozenset((
    "a", "an", "the", "of", "in", "on", "at", "to", "by", "with", "and", "or", "is", "are", "it",
    "its", "this", "that",
))  # fmt: skip


def check_captions(
    measured: Sequence[Measurements], *, name: str, template_lines: Sequence[str]
) -> Iterator[Finding]:
    """Yield problems of the captions; none where the template does not use them."""
    lines = _prompts(template_lines)
    if lines and not any("[filewords]" in line for line in lines):
        return
    with_captions = [
        (picture, picture.caption) for picture in measured if picture.caption is not None
    ]
    yield from _missing(
        [picture for picture in measured if picture.caption is None], num_all=len(measured)
    )
    yield from _naming(with_captions, name)
    yield from _shared(with_captions)


def check_lengths(
    measured: Sequence[Measurements],
    *,
    name: str,
    template_lines: Sequence[str],
    count_tokens: CountTokens,
) -> Iterator[Finding]:
    """Yield the captions with which the template's longest prompt has too many tokens."""
    lines = [line for line in _prompts(template_lines) or ["[filewords]"] if "[filewords]" in line]
    if not lines:
        return
    line = max(lines, key=lambda line: count_tokens(fill_template(line, name=name, words="")))
    long = tuple(
        picture.path
        for picture in measured
        if count_tokens(fill_template(line, name=name, words=picture.words)) > PROMPT_TOKENS
    )
    if long:
        yield Finding(
            "long caption",
            f"With {_captions(len(long))} a prompt is longer than {PROMPT_TOKENS} tokens, so it is "
            "encoded in separate chunks; shorten it.",
            long,
        )


def check_template(template_lines: Sequence[str]) -> Iterator[Finding]:
    """Yield the template lines from which nothing would be learned."""
    lines = _prompts(template_lines)
    lacking = [line for line in lines if "[name]" not in line]
    if lacking:
        yield Finding(
            "template",
            f"{len(lacking)} of the template's {len(lines)} lines have no [name], so the embedding "
            f'would learn nothing from them: "{lacking[0]}".',
        )


def _missing(measured: Sequence[Measurements], *, num_all: int) -> Iterator[Finding]:
    if measured:
        wordless = sum(not picture.words for picture in measured)
        yield Finding(
            "no caption",
            f"{len(measured)} of {num_all} pictures have no caption (a .txt of the same name); the "
            f"words of their file names are used, and {wordless or 'none'} of them have no words "
            "(only a camera's name, a hash or a counter).",
            tuple(picture.path for picture in measured),
        )


def _naming(with_captions: Captioned, name: str) -> Iterator[Finding]:
    naming = [
        picture.path
        for picture, caption in with_captions
        if any(piece.name for piece in split_names(caption, [name]))
    ]
    if naming:
        yield Finding(
            "name in caption",
            f"The embedding's name ({name}) is already in {_captions(len(naming))}, so prompts "
            "would have it twice; remove it.",
            tuple(naming),
        )


def _shared(with_captions: Captioned) -> Iterator[Finding]:
    words = [_words(caption) for _, caption in with_captions if caption]
    if len(words) < _MIN_CAPTIONS or len(words) < len(with_captions):
        return
    shared = [word for word in words[0] if all(word in others for others in words[1:])]
    if shared:
        yield Finding(
            "shared words",
            f"Every caption contains {', '.join(shared)}: the embedding will not learn what all "
            "captions describe; remove the words that belong to the subject.",
        )


def _captions(count: int) -> str:
    return "1 caption" if count == 1 else f"{count} captions"


def _words(caption: str) -> list[str]:
    """List a caption's words except stop words, each once, in order."""
    words = re.findall(r"\w[\w'-]*", caption.casefold())
    return list(dict.fromkeys(word for word in words if word not in _STOP_WORDS))


def _prompts(template_lines: Sequence[str]) -> list[str]:
    """Drop blank lines and comments, as reading a template does."""
    lines = (line.strip() for line in template_lines)
    return [line for line in lines if line and not line.startswith("#")]
