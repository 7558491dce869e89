"""Prompts for training and drawing, as text: templates, captions, and the names inside a prompt.

Pure: text in, text out. Where templates and captions lie on disk is the business of others.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from textual_inversion.errors import SettingsError
from textual_inversion.names import bare, is_bracketed

# Accents written as letters of their own belong to the word, too.
_LETTER = r"[\w\u0300-\u036f]"
# <|endoftext|> and the like are the tokenizer's own.
_ASKED = re.compile(rf"<([^<>\s|][^<>]*)>|(?<!{_LETTER})embedding:([\w.-]*\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A part of a prompt as it was typed; `name` says which embedding it stands for, if any."""

    text: str
    name: str | None = None


def parse_template(text: str, *, source: str) -> tuple[str, ...]:
    """Read one prompt a line; blank lines and lines that start with # are left out.

    Args:
        text: What the template file holds.
        source: The file's name, for messages.
    """
    numbered = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    prompts = [(number, line) for number, line in numbered if line and not line.startswith("#")]
    lacking = [number for number, line in prompts if "[name]" not in line]
    if not prompts:
        raise SettingsError(f"{source} has no prompts; write one a line, such as: a [name].")
    if len(lacking) == len(prompts):
        raise SettingsError(
            f"No line of {source} has [name], so the embedding would learn nothing from it."
        )
    if lacking:
        raise SettingsError(
            f"Line {lacking[0]} of {source} has no [name], so the embedding would learn nothing "
            "from it."
        )
    return tuple(line for _, line in prompts)


def vary_tags(
    words: str, *, shuffle: bool, dropout: float, draw: random.Random, keep: int = 0
) -> str:
    """Shuffle comma-separated tags and leave each out with probability `dropout`.

    The first `keep` tags stay where they are.
    """
    if not shuffle and dropout == 0:
        return words
    tags = [tag for tag in (part.strip() for part in words.split(",")) if tag]
    first, others = tags[:keep], tags[keep:]
    kept = [tag for tag in others if draw.random() >= dropout]
    if shuffle:
        draw.shuffle(kept)
    return ", ".join(first + kept)


def fill(line: str, *, name: str, words: str) -> str:
    """Put the caption into a template line, then the name, which the caption may ask for too."""
    if words.strip(" ,"):
        line = line.replace("[filewords]", words)
    elif "[filewords]" in line:
        line = _without_filewords(line)
    return line.replace("[name]", name)


def split_names(prompt: str, names: Iterable[str]) -> list[Piece]:
    """Find embeddings in a prompt, written as name, <name> or embedding:name.

    The longest name wins, letter case does not matter, and a bare name must stand as a word of its
    own; one given as "<name>" is not found bare. What stands in other angle brackets is left alone.
    The pieces' texts make up the prompt.
    """
    known = frozenset(name for name in names if name.strip())
    if not known:
        return [Piece(prompt)] if prompt else []
    pieces: list[Piece] = []
    end = 0
    for match in _pattern(known).finditer(prompt):
        if match.lastgroup == "other":
            continue
        if match.start() > end:
            pieces.append(Piece(prompt[end : match.start()]))
        pieces.append(Piece(match[0], _meant(match, known)))
        end = match.end()
    if end < len(prompt):
        pieces.append(Piece(prompt[end:]))
    return pieces


def unknown_names(prompt: str, names: Iterable[str]) -> list[str]:
    """List what a prompt has as <word> or embedding:word that is none of `names`, each once."""
    rest = " ".join(piece.text for piece in split_names(prompt, names) if piece.name is None)
    found = (match[1] or match[2] for match in _ASKED.finditer(rest))
    return list(dict.fromkeys(word.strip() for word in found))


def _without_filewords(line: str) -> str:
    """Leave [filewords] out, with the commas and blanks that only led to it."""
    line = line.replace("[filewords]", "")
    line = re.sub(r"\s*,(\s*,)+", ",", line)
    line = re.sub(r"\s+([,.;])", r"\1", line)
    return re.sub(r"\s{2,}", " ", line).strip(" ,")


@lru_cache(maxsize=16)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    any_name = _any_of({bare(name) for name in names})
    free = _any_of({name for name in names if not is_bracketed(name)})
    return re.compile(
        rf"<(?P<bracketed>{any_name})>"
        r"|(?P<other><[^<>\s][^<>]*>)"
        rf"|(?<!{_LETTER})(?:embedding:(?P<prefixed>{any_name})|(?P<bare>{free}))(?!{_LETTER})",
        re.IGNORECASE,
    )


def _any_of(names: Iterable[str]) -> str:
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return "|".join(re.escape(name) for name in longest_first) or "(?!)"


def _meant(match: re.Match[str], names: frozenset[str]) -> str:
    """Tell which of `names` was found: the one spelled so, else the first that reads alike."""
    typed = match["bracketed"] or match["prefixed"] or match["bare"]
    if spelled := names & {typed, f"<{typed}>"}:
        return min(spelled)
    alike = (n for n in names if re.fullmatch(re.escape(bare(n)), typed, re.IGNORECASE))
    return min(alike)
