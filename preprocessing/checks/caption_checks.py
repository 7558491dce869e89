"""What may be wrong with captions and templates: each rule finds at most one thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from preprocessing.checks.image_checks import Finding
from preprocessing.checks.measurements import Look
from textual_inversion.prompts.placeholders import split_names
from textual_inversion.prompts.template import fill
from textual_inversion.settings.base import PROMPT_TOKENS

Captioned = Sequence[tuple[Look, str]]
CountTokens = Callable[[str], int]

_FEWEST_CAPTIONS = 3  # two captions may well share a word by chance
# Words that say nothing of a picture.
_SMALL_WORDS = frozenset((
    "a", "an", "the", "of", "in", "on", "at", "to", "by", "with", "and", "or", "is", "are", "it",
    "its", "this", "that",
))  # fmt: skip


def in_captions(
    looks: Sequence[Look], *, name: str, template_lines: Sequence[str]
) -> Iterator[Finding]:
    """Yield what may be wrong with the captions; nothing where they are not used."""
    lines = _prompts(template_lines)
    if lines and not any("[filewords]" in line for line in lines):
        return
    captioned = [(one, one.caption) for one in looks if one.caption is not None]
    yield from _missing([one for one in looks if one.caption is None], num_all=len(looks))
    yield from _naming(captioned, name)
    yield from _shared(captioned)


def in_lengths(
    looks: Sequence[Look],
    *,
    name: str,
    template_lines: Sequence[str],
    count_tokens: CountTokens,
) -> Iterator[Finding]:
    """Yield the captions that make the longest prompt too long, as `count_tokens` measures it."""
    lines = [line for line in _prompts(template_lines) or ["[filewords]"] if "[filewords]" in line]
    if not lines:
        return
    line = max(lines, key=lambda line: count_tokens(fill(line, name=name, words="")))
    long = tuple(
        one.path
        for one in looks
        if count_tokens(fill(line, name=name, words=one.words)) > PROMPT_TOKENS
    )
    if long:
        yield Finding(
            "long caption",
            f"With {_captions(len(long))} a prompt is longer than {PROMPT_TOKENS} tokens, so it is "
            "read in parts that do not know of each other; shorten it.",
            long,
        )


def in_template(template_lines: Sequence[str]) -> Iterator[Finding]:
    """Yield what keeps a template from teaching anything."""
    lines = _prompts(template_lines)
    lacking = [line for line in lines if "[name]" not in line]
    if lacking:
        yield Finding(
            "template",
            f"{len(lacking)} of the template's {len(lines)} lines have no [name], so the embedding "
            f'would learn nothing from them: "{lacking[0]}".',
        )


def _missing(looks: Sequence[Look], *, num_all: int) -> Iterator[Finding]:
    if looks:
        wordless = sum(not one.words for one in looks)
        yield Finding(
            "no caption",
            f"{len(looks)} of {num_all} pictures have no caption (a .txt of the same name); the "
            f"words of their file names stand in for it, and {wordless or 'none'} of them have "
            "none (a camera's name, a hash or a counter).",
            tuple(one.path for one in looks),
        )


def _naming(captioned: Captioned, name: str) -> Iterator[Finding]:
    naming = [
        one.path
        for one, caption in captioned
        if any(piece.name for piece in split_names(caption, [name]))
    ]
    if naming:
        yield Finding(
            "name in caption",
            f"The embedding ({name}) is named in {_captions(len(naming))} already, so prompts "
            "would have it twice; take it out.",
            tuple(naming),
        )


def _shared(captioned: Captioned) -> Iterator[Finding]:
    words = [_words(caption) for _, caption in captioned if caption]
    if len(words) < _FEWEST_CAPTIONS or len(words) < len(captioned):
        return
    shared = [word for word in words[0] if all(word in others for others in words[1:])]
    if shared:
        yield Finding(
            "shared words",
            f"Every caption says {', '.join(shared)}: what all captions name will not be learned "
            "by the embedding; take out what belongs to the subject.",
        )


def _captions(count: int) -> str:
    return "1 caption" if count == 1 else f"{count} captions"


def _words(caption: str) -> list[str]:
    """List a caption's words that say something, each once, in order."""
    words = re.findall(r"\w[\w'-]*", caption.casefold())
    return list(dict.fromkeys(word for word in words if word not in _SMALL_WORDS))


def _prompts(template_lines: Sequence[str]) -> list[str]:
    """Leave out blank lines and remarks, as reading a template does."""
    lines = (line.strip() for line in template_lines)
    return [line for line in lines if line and not line.startswith("#")]
