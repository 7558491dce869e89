"""Group a file's tensors into embeddings by their widths rather than their keys.

Keys only break ties: they order several vectors of one embedding, and separate versions of it.

n vectors, width numbers each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.embeddings.formats.metadata import name_in_key
from textual_inversion.embeddings.formats.shapes import (
    BARE_KEYS,
    SDXL_KEYS,
    check_shape,
    describe_keys,
)
from textual_inversion.errors import EmbeddingError

Shape = tuple[int, ...]
Keys = tuple[str, ...]

MAX_KEYS = 20_000
_CLIP_L, _OPEN_CLIP_H, _CLIP_G = 768, 1024, 1280
_FAMILIES = {_CLIP_L: "sd1", _OPEN_CLIP_H: "sd2"}
_KNOWN = {_CLIP_L, _OPEN_CLIP_H, _CLIP_G}
# Widths of the text encoders of unsupported models.
_UNSUPPORTED = {
    frozenset({768, 4096}): "FLUX or Hunyuan Video (CLIP-L and T5 or Llama)",
    frozenset({768, 1280, 4096}): "Stable Diffusion 3 (CLIP-L, CLIP-G and T5)",
    frozenset({4096}): "a model with the text encoder T5, such as FLUX, SD3, PixArt or Chroma",
    frozenset({2304}): "Sana (Gemma)",
    frozenset({2560}): "a model with the text encoder Qwen3 4B, such as Z-Image",
    frozenset({3584}): "Qwen-Image",
}
_NUMBERED = re.compile(r"(.+)_(\d+)")
_VERSION_KEY = re.compile(r".+_v\d+")
_PAIRS = (SDXL_KEYS, ("text_encoders_0", "text_encoders_1"), ("emb", "emb2"))
_BUNDLE = "bundle_emb."


@dataclass(frozen=True)
class TensorSet:
    """The keys of one embedding's tensors, for each text encoder in order."""

    encoders: tuple[Keys, ...]
    name: str | None = None
    suffix: str | None = None
    """Tells it from the file's other embeddings."""

    @property
    def key(self) -> str | None:
        """The key of an embedding that is a single tensor, else None."""
        return self.encoders[0][0] if len(self.encoders) == len(self.encoders[0]) == 1 else None


def find_sets(shapes: Mapping[str, Shape], path: Path, *, joined: bool = False) -> list[TensorSet]:
    """Find the embeddings among a file's tensors.

    Args:
        shapes: The tensors' shapes by key, in the file's order.
        path: The file, for messages.
        joined: All tensors belong to one embedding, whatever their keys.

    Raises:
        EmbeddingError: There is none, or it is for an unsupported model.
    """
    if len(shapes) > MAX_KEYS:
        raise EmbeddingError(f"{path} is not an embedding: it holds {len(shapes)} tensors.")
    bundled = _bundles(shapes)
    if bundled:
        found = [one for name, keys in bundled.items() for one in _named(name, keys, shapes, path)]
        return [TensorSet(one.encoders, one.name, one.name) for one in found]
    keys = [key for key in shapes if not key.endswith("_out")]  # beside the encoder, not in it
    known = next((key for key in BARE_KEYS if key in keys), None)
    if known:
        keys = [known]
    if not keys or (len(keys) > 1 and not joined and _is_other_weights(keys)):
        raise EmbeddingError(f"{path} is not an embedding: {describe_keys(list(shapes))}.")
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


def _named(
    name: str, keys: list[str], shapes: Mapping[str, Shape], path: Path
) -> Iterator[TensorSet]:
    for key in keys:
        check_shape(shapes[key], path)
    for one in _by_width(keys, shapes, path, joined=True):
        yield TensorSet(one.encoders, f"{name}-{one.suffix}" if one.suffix else name)


def _is_other_weights(keys: list[str]) -> bool:
    """Whether the keys are those of a model, a component of one, or a LoRA."""
    return any(key.endswith(("weight", "bias", ".alpha")) or "lora" in key.lower() for key in keys)


def _by_width(
    keys: list[str], shapes: Mapping[str, Shape], path: Path, *, joined: bool
) -> list[TensorSet]:
    groups: dict[int, list[str]] = {}
    for key in keys:
        groups.setdefault(shapes[key][-1], []).append(key)
    _refuse_unsupported(frozenset(groups), path)
    _refuse_swapped({key.rpartition(".")[2]: shapes[key][-1] for key in keys}, path)
    if not set(groups) <= _KNOWN:
        return _unknown_widths(groups, keys, path, joined=joined)
    found = []
    if _CLIP_G in groups:
        pair = (_ordered(groups.pop(_CLIP_L)), _ordered(groups.pop(_CLIP_G)))
        found.append(TensorSet(pair, name_in_key(pair[0][0]), "sdxl"))
    for width, group in groups.items():
        embeddings = [group] if joined else _split_embeddings(group, shapes)
        found += [
            _single(group_keys, _FAMILIES[width], len(embeddings)) for group_keys in embeddings
        ]
    if len(found) == 1:
        return [TensorSet(found[0].encoders, found[0].name)]
    return found


def _single(keys: list[str], family: str, num_embeddings: int) -> TensorSet:
    ordered = _ordered(keys)
    name = name_in_key(ordered[0])
    return TensorSet((ordered,), name, name if num_embeddings > 1 else family)


def _refuse_unsupported(widths: frozenset[int], path: Path) -> None:
    other_model = next((name for other, name in _UNSUPPORTED.items() if widths == other), None)
    if other_model:
        raise EmbeddingError(
            f"{path} is an embedding for {other_model}, which this program does not support; use "
            "it in a program that runs that model."
        )
    if _CLIP_G in widths and _CLIP_L not in widths:
        raise EmbeddingError(
            f"{path} holds vectors of width 1280 for SDXL's second text encoder (CLIP-G) only; "
            "save it with those of width 768 for the first (CLIP-L), too."
        )


def _refuse_swapped(widths: Mapping[str, int], path: Path) -> None:
    """Refuse SDXL's two tensors under each other's keys, by which every program takes them."""
    if [widths.get(key) for key in SDXL_KEYS] == [_CLIP_G, _CLIP_L]:
        raise EmbeddingError(
            f"{path} holds SDXL's vectors under each other's keys: clip_l has width 1280, which is "
            "CLIP-G's, and clip_g width 768, which is CLIP-L's; exchange the two keys."
        )


def _unknown_widths(
    groups: dict[int, list[str]], keys: list[str], path: Path, *, joined: bool
) -> list[TensorSet]:
    """Group by the keys where no published model has these widths, as in small test models."""
    pair = next((pair for pair in _PAIRS if set(pair) == set(keys)), None)
    if pair:
        return [TensorSet(tuple((key,) for key in pair))]
    only = next(iter(groups.values()))
    is_one = len(keys) == 1 or joined or _is_one_word(keys)
    if len(groups) == 1 and is_one:
        return [TensorSet((_ordered(only),), name_in_key(_ordered(only)[0]))]
    raise EmbeddingError(f"{path} is not an embedding: {describe_keys(keys)}.")


def _split_embeddings(keys: list[str], shapes: Mapping[str, Shape]) -> list[list[str]]:
    """Split keys of one width into embeddings: single vectors are joined, matrices are not."""
    all_single = all(len(shapes[key]) == 1 or shapes[key][0] == 1 for key in keys)
    if any(_VERSION_KEY.fullmatch(key) for key in keys):
        return [[key] for key in keys]
    return [keys] if all_single or _is_one_word(keys) else [[key] for key in keys]


def _is_one_word(keys: list[str]) -> bool:
    """Whether the keys are <word>, <word>_1, <word>_2, ..."""
    bases = {_numbered(key)[0] for key in keys}
    return len(bases) == 1


def _ordered(keys: list[str]) -> Keys:
    """Sort the keys of one word by their numbers, so that _10 follows _9."""
    if not _is_one_word(keys):
        return tuple(keys)
    return tuple(sorted(keys, key=lambda key: _numbered(key)[1]))


def _numbered(key: str) -> tuple[str, int]:
    match = _NUMBERED.fullmatch(key)
    if match and len(match[2]) < 6:
        return match[1], int(match[2])
    return key, 0
