"""The names of embeddings inside a prompt. Pure: text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from textual_inversion.names import is_bracketed, strip_brackets

# Accents written as letters of their own belong to the word, too.
_LETTER = r"[\w\u0300-\u036f]"
# <|endoftext|> and the like are the tokenizer's own.
_REFERENCE = re.compile(rf"<([^<>\s|][^<>]*)>|(?<!{_LETTER})embedding:([\w.-]*\w)", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A part of a prompt as typed; `name` is the embedding it stands for, if any."""

    text: str
    name: str | None = None


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
        pieces.append(Piece(match[0], _matched_name(match, known)))
        end = match.end()
    if end < len(prompt):
        pieces.append(Piece(prompt[end:]))
    return pieces


def unknown_names(prompt: str, names: Iterable[str]) -> list[str]:
    """List the words written <word> or embedding:word that are not in `names`, each once."""
    rest = " ".join(piece.text for piece in split_names(prompt, names) if piece.name is None)
    found = (match[1] or match[2] for match in _REFERENCE.finditer(rest))
    return list(dict.fromkeys(word.strip() for word in found))


@lru_cache(maxsize=16)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    any_name = _any_of({strip_brackets(name) for name in names})
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


def _matched_name(match: re.Match[str], names: frozenset[str]) -> str:
    """Return the name that matched: the one of the same letter case, else the first."""
    typed = match["bracketed"] or match["prefixed"] or match["bare"]
    if exact := names & {typed, f"<{typed}>"}:
        return min(exact)
    matching = (
        n for n in names if re.fullmatch(re.escape(strip_brackets(n)), typed, re.IGNORECASE)
    )
    return min(matching)
