"""Which tensors of a file are one embedding's vectors: told by their widths, not by their keys.

Keys only break ties: they order what is several vectors of one word, and tell two tries apart.

n vectors, width numbers each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.embeddings.formats.metadata import name_in_key
from textual_inversion.embeddings.formats.validation import (
    BARE_KEYS,
    SDXL_KEYS,
    check_shape,
    describe,
)
from textual_inversion.errors import EmbeddingError

Shape = tuple[int, ...]
Keys = tuple[str, ...]

MAX_KEYS = 20_000
_CLIP_L, _OPEN_CLIP_H, _CLIP_G = 768, 1024, 1280
_FAMILIES = {_CLIP_L: "sd1", _OPEN_CLIP_H: "sd2"}
_KNOWN = {_CLIP_L, _OPEN_CLIP_H, _CLIP_G}
# Widths of text encoders that no model we train has, and who has them.
_ELSEWHERE = {
    frozenset({768, 4096}): "FLUX or Hunyuan Video (CLIP-L and T5 or Llama)",
    frozenset({768, 1280, 4096}): "Stable Diffusion 3 (CLIP-L, CLIP-G and T5)",
    frozenset({4096}): "a model with the text encoder T5, such as FLUX, SD3, PixArt or Chroma",
    frozenset({2304}): "Sana (Gemma)",
    frozenset({2560}): "a model with the text encoder Qwen3 4B, such as Z-Image",
    frozenset({3584}): "Qwen-Image",
}
_NUMBERED = re.compile(r"(.+)_(\d+)")
_TRY = re.compile(r".+_v\d+")
_PAIRS = (SDXL_KEYS, ("text_encoders_0", "text_encoders_1"), ("emb", "emb2"))
_BUNDLE = "bundle_emb."


@dataclass(frozen=True)
class Found:
    """One embedding: the keys whose tensors are its vectors, for each text encoder in order."""

    encoders: tuple[Keys, ...]
    name: str | None = None
    suffix: str | None = None
    """What tells it from the file's other embeddings."""

    @property
    def key(self) -> str | None:
        """Give the one key of an embedding that is a single tensor."""
        return self.encoders[0][0] if len(self.encoders) == len(self.encoders[0]) == 1 else None


def find_sets(shapes: Mapping[str, Shape], path: Path, *, joined: bool = False) -> list[Found]:
    """Find the embeddings among a file's tensors.

    Args:
        shapes: The tensors' shapes by key, in the file's order.
        path: The file, for messages.
        joined: The tensors are one word's, whatever their keys.

    Raises:
        EmbeddingError: There is none, or it is one for other models than we train.
    """
    if len(shapes) > MAX_KEYS:
        raise EmbeddingError(f"{path} is not an embedding: it holds {len(shapes)} tensors.")
    bundled = _bundles(shapes)
    if bundled:
        found = [one for name, keys in bundled.items() for one in _named(name, keys, shapes, path)]
        return [Found(one.encoders, one.name, one.name) for one in found]
    keys = [key for key in shapes if not key.endswith("_out")]  # beside the encoder, not in it
    known = next((key for key in BARE_KEYS if key in keys), None)
    if known:
        keys = [known]
    if not keys or (len(keys) > 1 and not joined and _is_something_else(keys)):
        raise EmbeddingError(f"{path} is not an embedding: {describe(list(shapes))}.")
    for key in keys:
        check_shape(shapes[key], path)
    return _by_width(keys, shapes, path, joined=joined)


def _bundles(shapes: Mapping[str, Shape]) -> dict[str, list[str]]:
    """Group a LoRA's bundled embeddings: bundle_emb.NAME.KEY."""
    bundled: dict[str, list[str]] = {}
    for key in shapes:
        if key.startswith(_BUNDLE) and not key.endswith("_out"):
            name = key.removeprefix(_BUNDLE).rsplit(".", 1)[0].removesuffix(".string_to_param")
            bundled.setdefault(name, []).append(key)
    return bundled


def _named(name: str, keys: list[str], shapes: Mapping[str, Shape], path: Path) -> Iterator[Found]:
    for key in keys:
        check_shape(shapes[key], path)
    for one in _by_width(keys, shapes, path, joined=True):
        yield Found(one.encoders, f"{name}-{one.suffix}" if one.suffix else name)


def _is_something_else(keys: list[str]) -> bool:
    """Tell a model, a part of one or a LoRA by its keys."""
    return any(key.endswith(("weight", "bias", ".alpha")) or "lora" in key.lower() for key in keys)


def _by_width(
    keys: list[str], shapes: Mapping[str, Shape], path: Path, *, joined: bool
) -> list[Found]:
    groups: dict[int, list[str]] = {}
    for key in keys:
        groups.setdefault(shapes[key][-1], []).append(key)
    _refuse_elsewhere(frozenset(groups), path)
    if not set(groups) <= _KNOWN:
        return _unknown(groups, keys, path, joined=joined)
    found = []
    if _CLIP_G in groups:
        pair = (_together(groups.pop(_CLIP_L)), _together(groups.pop(_CLIP_G)))
        found.append(Found(pair, name_in_key(pair[0][0]), "sdxl"))
    for width, group in groups.items():
        tries = [group] if joined else _tries(group, shapes)
        found += [_single(one, _FAMILIES[width], len(tries)) for one in tries]
    if len(found) == 1:
        return [Found(found[0].encoders, found[0].name)]
    return found


def _single(keys: list[str], family: str, num_tries: int) -> Found:
    ordered = _together(keys)
    name = name_in_key(ordered[0])
    return Found((ordered,), name, name if num_tries > 1 else family)


def _refuse_elsewhere(widths: frozenset[int], path: Path) -> None:
    told = next((told for other, told in _ELSEWHERE.items() if widths == other), None)
    if told:
        raise EmbeddingError(
            f"{path} is an embedding for {told}, which this program neither trains nor draws with; "
            "use it where that model runs."
        )
    if _CLIP_G in widths and _CLIP_L not in widths:
        raise EmbeddingError(
            f"{path} holds vectors of width 1280 for SDXL's second text encoder (CLIP-G) only; "
            "save it with those of width 768 for the first (CLIP-L), too."
        )


def _unknown(
    groups: dict[int, list[str]], keys: list[str], path: Path, *, joined: bool
) -> list[Found]:
    """Judge widths that no published model has, as small models for tests do, by the keys."""
    pair = next((pair for pair in _PAIRS if set(pair) == set(keys)), None)
    if pair:
        return [Found(tuple((key,) for key in pair))]
    only = next(iter(groups.values()))
    is_one = len(keys) == 1 or joined or _is_one_word(keys)
    if len(groups) == 1 and is_one:
        return [Found((_together(only),), name_in_key(_together(only)[0]))]
    raise EmbeddingError(f"{path} is not an embedding: {describe(keys)}.")


def _tries(keys: list[str], shapes: Mapping[str, Shape]) -> list[list[str]]:
    """Split one width's keys into embeddings: several vectors are one, several matrices are not."""
    all_single = all(len(shapes[key]) == 1 or shapes[key][0] == 1 for key in keys)
    if any(_TRY.fullmatch(key) for key in keys):
        return [[key] for key in keys]
    return [keys] if all_single or _is_one_word(keys) else [[key] for key in keys]


def _is_one_word(keys: list[str]) -> bool:
    """Tell whether the keys are <word>, <word>_1, <word>_2, ..."""
    bases = {_numbered(key)[0] for key in keys}
    return len(bases) == 1


def _together(keys: list[str]) -> Keys:
    """Put the keys of one word in order: its number counts, not how it is spelt."""
    if not _is_one_word(keys):
        return tuple(keys)
    return tuple(sorted(keys, key=lambda key: _numbered(key)[1]))


def _numbered(key: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(key)
    if match and len(match[2]) < 6:
        return match[1], int(match[2])
    return key, 0
