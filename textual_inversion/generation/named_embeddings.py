"""The embeddings that prompts name: loaded, or told why they cannot be used."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from textual_inversion.embeddings.library import Library
from textual_inversion.events import Warned
from textual_inversion.generation.params import SamplingParams
from textual_inversion.models.base import BaseModel, dimension_mismatch
from textual_inversion.models.text_encoders import LearnedTokens
from textual_inversion.names import nearest, strip_brackets
from textual_inversion.prompts.placeholders import split_names, unknown_names


def load_named_embeddings(
    params: SamplingParams,
    library: Library,
    model: BaseModel,
    given: LearnedTokens | None = None,
) -> tuple[LearnedTokens, list[Warned]]:
    """Load the embeddings named in the prompts; also return warnings for unusable ones.

    The words in `given` have their vectors already, whatever the library has.
    """
    given = given or {}
    taken = {strip_brackets(word).casefold() for word in given}
    entries = {entry.word: entry for entry in library.list() if entry.problem is None}
    usable = {w: e for w, e in entries.items() if strip_brackets(w).casefold() not in taken}
    prompts = f"{params.prompt}\n{params.negative_prompt}"
    known = {**usable, **given}
    names = [piece.name for piece in split_names(prompts, known) if piece.name is not None]
    words: dict[str, tuple[torch.Tensor, ...]] = {n: given[n] for n in names if n in given}
    warnings = warn_of_unknown(prompts, known, library)
    for word in dict.fromkeys(name for name in names if name not in given):
        entry = usable[word]
        if entry.widths == model.info.widths:
            words[word] = library.load(entry.name).vectors
        else:
            reason = dimension_mismatch(entry.name, entry.widths, model.info.widths)
            warnings.append(Warned(f"{reason} Its name is read as plain text."))
    return words, warnings


def warn_of_unknown(prompts: str, words: Iterable[str], library: Library) -> list[Warned]:
    """Return a warning for each <name> in the prompts that is none of `words`."""
    return [Warned(_unknown(name, library)) for name in unknown_names(prompts, words)]


def _unknown(name: str, library: Library) -> str:
    entry = library.find(name)
    if entry and entry.problem:
        return f"<{name}> is read as plain text because its file cannot be used: {entry.problem}"
    close_names = nearest(name, (entry.name for entry in library.list() if entry.problem is None))
    advice = (
        f"did you mean {' or '.join(f'<{close_name}>' for close_name in close_names)}?"
        if close_names
        else ""
    )
    return (
        f"There is no embedding called <{name}> in {library.folder}, so it is read as plain text; "
        + (advice or "check the name or put its file there.")
    )
