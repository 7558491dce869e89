"""How a prompt of any length is cut into CLIP's chunks of 75 tokens. Pure.

A1111's rules (`sd_hijack_clip.py`, version 1.10): where a chunk is full and a comma lies within its
last 20 tokens, what follows the comma moves to the next chunk; an embedding is never cut in two;
`BREAK` begins a new chunk. Unlike there, an embedding moves along with the text around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from textual_inversion.settings.base import PROMPT_TOKENS

_COMMA_REACH = 20


@dataclass(frozen=True)
class Token:
    """One token, or all vectors of an embedding, which stay together; none at all is a break."""

    ids: tuple[int, ...]
    weight: float = 1.0
    is_comma: bool = False


@dataclass
class Chunk:
    """At most 75 ids and the weight of each."""

    ids: list[int] = field(default_factory=list[int])
    weights: list[float] = field(default_factory=list[float])


def cut_into_chunks(tokens: Iterable[Token]) -> list[Chunk]:
    """Fill one chunk after the other; an empty prompt is one empty chunk."""
    done: list[list[Token]] = []
    open_tokens: list[Token] = []
    length = 0
    for token in tokens:
        if not token.ids:
            done.append(open_tokens)
            open_tokens, length = [], 0
            continue
        if length + len(token.ids) > PROMPT_TOKENS:
            keep = _break_before(open_tokens, length, token)
            done.append(open_tokens[:keep])
            open_tokens = open_tokens[keep:]
            length = sum(len(moved.ids) for moved in open_tokens)
            if length + len(token.ids) > PROMPT_TOKENS:
                done.append(open_tokens)
                open_tokens, length = [], 0
        open_tokens.append(token)
        length += len(token.ids)
    if open_tokens or not done:
        done.append(open_tokens)
    return [_chunk(part) for part in done]


def count_tokens(chunks: Sequence[Chunk]) -> int:
    """Count tokens as A1111's counter does: every chunk but the last one as a full one."""
    return PROMPT_TOKENS * (len(chunks) - 1) + len(chunks[-1].ids)


def _break_before(tokens: list[Token], length: int, coming: Token) -> int:
    """Return how many tokens stay in a full chunk: all, or those up to a comma near its end."""
    if length < PROMPT_TOKENS or coming.is_comma:
        return len(tokens)
    behind = 0
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].is_comma:
            return index + 1 if behind < _COMMA_REACH else len(tokens)
        behind += len(tokens[index].ids)
    return len(tokens)


def _chunk(tokens: list[Token]) -> Chunk:
    chunk = Chunk()
    for token in tokens:
        chunk.ids += token.ids
        chunk.weights += [token.weight] * len(token.ids)
    return chunk
