"""CLIP's tokenizer, which single files do not carry; its merges ship with the program.

The format is that of OpenAI's CLIP (`simple_tokenizer.py`): 256 bytes as printable characters, the
same at the end of a word, the merges, and the marks of a text's beginning and end, in this order.
"""

from __future__ import annotations

import lzma
from functools import lru_cache
from pathlib import Path
from typing import Any

VOCAB_SIZE = 49_408
_MERGES = Path(__file__).parents[1] / "clip_tokenizer" / "merges.txt.xz"
_MARKS = ("<|startoftext|>", "<|endoftext|>")
_END_OF_WORD = "</w>"
_MAX_LENGTH = 77


def make_clip_tokenizer(pad_token: str) -> Any:
    """Make the tokenizer of OpenAI's CLIP and of OpenCLIP, which differ in the token that pads."""
    from transformers import CLIPTokenizer

    vocab, merges = _vocabulary()
    return CLIPTokenizer(
        vocab=dict(vocab), merges=list(merges), pad_token=pad_token, model_max_length=_MAX_LENGTH
    )


@lru_cache(maxsize=1)
def _vocabulary() -> tuple[dict[str, int], list[Any]]:
    lines = lzma.decompress(_MERGES.read_bytes()).decode().splitlines()
    merges = [(first, second) for first, _, second in (line.partition(" ") for line in lines)]
    characters = _byte_characters()
    entries = [*characters, *(character + _END_OF_WORD for character in characters)]
    entries += [first + second for first, second in merges]
    return {entry: index for index, entry in enumerate((*entries, *_MARKS))}, merges


def _byte_characters() -> list[str]:
    """List a printable character for each byte: first those that print, then stand-ins."""
    printing = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    num_others = 256 - len(printing)
    return [chr(code) for code in (*printing, *range(256, 256 + num_others))]
