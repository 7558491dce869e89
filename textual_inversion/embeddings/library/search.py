"""Which embeddings are meant by what is typed, and which fit a base model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from textual_inversion.embeddings.library.entry import Entry
from textual_inversion.models.catalog import dimension_mismatch


def search(entries: Iterable[Entry], text: str) -> list[Entry]:
    """Keep the entries in which each typed word occurs, those whose name begins with it first.

    Words are looked for in the name, the family, the base model and the file, in any letter case.
    """
    typed = text.strip().strip("<>").casefold()
    found = [entry for entry in entries if _has(entry, typed.split())]
    if not typed:
        return found
    return sorted(found, key=lambda entry: not entry.name.casefold().startswith(typed))


def misfit(entry: Entry, widths: tuple[int, ...]) -> str:
    """Describe, in InvokeAI's words, why an embedding does not fit a model; empty if it does."""
    if entry.problem or entry.widths == widths:
        return ""
    return dimension_mismatch(entry.name, entry.widths, widths)


def same_word(entries: Iterable[Entry], entry: Entry) -> list[Entry]:
    """Keep the usable entries of the same word, for whatever models; `entry` among them."""
    return [one for one in entries if one.stem == entry.stem and not one.problem]


def with_misfits(entries: Iterable[Entry], widths: tuple[int, ...]) -> list[Entry]:
    """Give each entry that does not fit a model of these widths the reason as its problem."""
    return [
        dataclasses.replace(entry, problem=misfit(entry, widths) or entry.problem)
        for entry in entries
    ]


def _has(entry: Entry, words: list[str]) -> bool:
    if not words:
        return True
    text = f"{entry.name}\n{entry.family}\n{entry.base_model or ''}\n{entry.path}".casefold()
    return all(word in text for word in words)
