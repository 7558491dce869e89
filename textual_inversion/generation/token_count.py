"""How many tokens a prompt takes, and which embeddings it names; no model is loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from textual_inversion.embeddings.library import Library
from textual_inversion.models.tokenizers import tokenize
from textual_inversion.prompts.chunks import count_tokens, cut_into_chunks
from textual_inversion.prompts.language import parse_prompt
from textual_inversion.prompts.placeholders import unknown_names
from textual_inversion.settings import Emphasis
from textual_inversion.settings.base import PROMPT_TOKENS


@dataclass(frozen=True)
class PromptCount:
    """A prompt's tokens, at its longest step, and how many fit without another chunk.

    `names` are the embeddings found in it, `unknown` the words in angle brackets that are none.
    """

    num_tokens: int
    limit: int
    names: tuple[str, ...]
    unknown: tuple[str, ...]


def count_prompt(
    prompt: str,
    tokenizer: Any,
    library: Library,
    widths: tuple[int, ...],
    *,
    num_steps: int,
    emphasis: Emphasis = "original",
) -> PromptCount:
    """Count as A1111's counter does: vectors and the padding between chunks included.

    Embeddings of other `widths` than the model's are plain text, as they are when generating.
    """
    usable = {
        entry.word: entry
        for entry in library.list()
        if entry.problem is None and entry.widths == widths
    }
    texts = {
        subprompt.at(call, num_steps)
        for subprompt in parse_prompt(prompt, usable, emphasis=emphasis)
        for call in range(num_steps)
    }
    rows = {word: range(entry.num_vectors) for word, entry in usable.items()}
    num_tokens = max(
        count_tokens(cut_into_chunks(tokenize(tokenizer, text, rows))) for text in texts
    )
    named = dict.fromkeys(part.name for text in texts for part in text if part.name is not None)
    return PromptCount(
        num_tokens,
        PROMPT_TOKENS * max(1, math.ceil(num_tokens / PROMPT_TOKENS)),
        tuple(sorted(named)),
        tuple(unknown_names(prompt, usable)),
    )
