"""Which programs load an embedding file, by their loaders' own rules, and how it is used there.

The rules, with the places they were read in (autumn 2026):

* AUTOMATIC1111 1.10: `modules/textual_inversion/textual_inversion.py`; `modules/safe.py` for what a
  torch file's zip may hold.
* Forge: `backend/text_processing/textual_inversion.py`; the same without the check of zips.
* ComfyUI: `load_embed` in `comfy/sd1_clip.py`; a tensor is looked up by the text encoder's key,
  else the file's first value counts, and is dropped where its width is another.
* InvokeAI: `model_manager/configs/textual_inversion.py` types the file by a width, which for an
  unknown key is the tensor's first dimension; `backend/textual_inversion.py` loads it.
* SD.Next: `open_embeddings` in `modules/textual_inversion/textual_inversion.py`.
* diffusers: `loaders/textual_inversion.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.families import FAMILIES, family_of
from textual_inversion.embeddings.formats.layout import Layout
from textual_inversion.embeddings.usage import placed, typed

_COMFYUI_KEYS = {(768,): ("clip_l",), (1024,): ("clip_h",), (768, 1280): ("clip_l", "clip_g")}
_INVOKEAI_KEYS = {"string_to_param", "emb_params", "clip_g"}
_INVOKEAI_MOST_TENSORS = 9
_ZIP_MEMBER = re.compile(r"data\.pkl|version|byteorder|\.data/serialization_id|data/\d+")
_PAIR = {"clip_l", "clip_g"}


@dataclass(frozen=True)
class Verdict:
    """Whether one program loads a file, and how it is used there if it does."""

    program: str
    loads: bool
    reason: str
    """Why it does not load; or what to mind when it does, if anything."""
    place: str = ""
    prompt: str = ""
    """What to type there."""


Refusal = str | None
Rule = Callable[[Layout, Embedding], Refusal]


def judge(layout: Layout, embedding: Embedding, *, is_first: bool = True) -> tuple[Verdict, ...]:
    """Judge a file, program by program, for one of its embeddings."""
    if not is_first:
        reason = "It takes the first embedding of a file at most; convert it to files of one."
        return tuple(Verdict(program, loads=False, reason=reason) for program in _RULES)
    return tuple(_judge(program, layout, embedding) for program in _RULES)


def _judge(program: str, layout: Layout, embedding: Embedding) -> Verdict:
    refusal = _RULES[program](layout, embedding)
    if refusal:
        return Verdict(program, loads=False, reason=refusal)
    caution = "" if embedding.widths in FAMILIES else f"Only with {family_of(embedding.widths)}."
    place, prompt = (say(program, layout.path, embedding) for say in (placed, typed))
    return Verdict(program, loads=True, reason=caution, place=place, prompt=prompt)


def _a1111(layout: Layout, embedding: Embedding) -> Refusal:
    strange = [name for name in layout.zip_names if not _ZIP_MEMBER.fullmatch(name)]
    if strange:
        return f"Its safety check refuses torch files with {strange[0]} inside; convert it."
    return _forge(layout, embedding)


def _forge(layout: Layout, embedding: Embedding) -> Refusal:
    if layout.kind != "dict":
        return f"It reads dicts of tensors, and this is a {layout.kind}."
    if layout.params is not None:
        return None if len(layout.params) == 1 else "It takes one word under string_to_param."
    if layout.keys.keys() >= _PAIR:
        return _detached(layout) or _of_other_widths(layout, embedding)
    if len(layout.keys) != 1 or not layout.tensors:
        return f"It takes one tensor from a file, or clip_l and clip_g; here are {_listed(layout)}."
    return None


def _detached(layout: Layout) -> Refusal:
    others = [key for key, shape in layout.keys.items() if shape is None]
    if others:
        return f"It detaches every value of an SDXL file, and {others[0]} is no tensor."
    return None


def _of_other_widths(layout: Layout, embedding: Embedding) -> Refusal:
    widths = tuple(layout.tensors[key][-1] for key in ("clip_l", "clip_g"))
    return (
        None if widths == embedding.widths else "clip_l and clip_g have not the widths of SDXL's."
    )


def _comfyui(layout: Layout, embedding: Embedding) -> Refusal:
    if layout.suffix in formats.PICTURES:
        return "It reads .safetensors, .pt and .bin, no pictures."
    keys = _COMFYUI_KEYS.get(embedding.widths)
    if keys is None:
        return "None of its models has this token dimension, so it ignores the vectors."
    if not layout.loads_plainly:
        return "torch.load refuses what is in it besides tensors; convert it."
    if layout.kind == "list of dicts":
        return None
    if layout.kind != "dict":
        return f"It reads dicts of tensors, and this is a {layout.kind}."
    wrong = [
        key
        for key, width in zip(keys, embedding.widths, strict=True)
        if _comfyuis_width(layout, key) != width
    ]
    if wrong:
        return f"It finds no {wrong[0]} of width {embedding.widths[keys.index(wrong[0])]}."
    return _only_first(layout, embedding, keys)


def _only_first(layout: Layout, embedding: Embedding, known: Iterable[str]) -> Refusal:
    """Refuse vectors that lie under several unknown keys: the first one's are all that it takes."""
    if layout.params is not None or layout.keys.keys() & set(known):
        return None
    first = next(iter(layout.tensors.values()))
    rows = first[0] if len(first) > 1 else 1
    if rows == embedding.num_vectors:
        return None
    return f"It takes the first of the file's {len(layout.tensors)} tensors only."


def _comfyuis_width(layout: Layout, key: str) -> int | None:
    """Return the width of the vectors that it takes for a text encoder."""
    found = layout.params if layout.params is not None else layout.keys
    first = next(iter(found.values()), None)
    shape = first if layout.params is not None else layout.keys.get(key, first)
    return shape[-1] if shape else None


def _invokeai(layout: Layout, embedding: Embedding) -> Refusal:
    if layout.suffix in formats.PICTURES:
        return "It reads .safetensors, .pt and .bin, no pictures."
    if not layout.loads_plainly:
        return "torch.load refuses what is in it besides tensors; convert it."
    if layout.kind != "dict":
        return f"It reads dicts of tensors, and this is a {layout.kind}."
    if not layout.keys.keys() & _INVOKEAI_KEYS and not _is_small(layout):
        return "It takes such a file for something else than an embedding."
    if embedding.widths not in FAMILIES:
        return "None of its models has this token dimension."
    dimension = _invokeais_dimension(layout)
    if dimension != embedding.widths[-1]:
        return f"It finds the token dimension {dimension}; convert it to invokeai or safetensors."
    return _only_first(layout, embedding, _INVOKEAI_KEYS)


def _is_small(layout: Layout) -> bool:
    return len(layout.keys) == len(layout.tensors) <= _INVOKEAI_MOST_TENSORS


def _invokeais_dimension(layout: Layout) -> int | None:
    """Return the number that it takes for the width."""
    if "string_to_token" in layout.keys and layout.params:
        return next(iter(layout.params.values()))[-1]
    for key in ("emb_params", "clip_g"):
        if shape := layout.keys.get(key):
            return shape[-1]
    first = next(iter(layout.keys.values()), None)
    return first[0] if first else None


def _sdnext(layout: Layout, embedding: Embedding) -> Refusal:
    if layout.suffix == ".pt":
        if not layout.loads_plainly:
            return "torch.load refuses what is in it besides tensors; convert it."
        found = layout.params is not None and "*" in layout.params
        return None if found else "In a .pt it looks for * under string_to_param."
    if layout.suffix != ".safetensors":
        return "It lists .safetensors and .pt only."
    shapes = list(layout.tensors.values())
    if any(len(shape) != 2 for shape in shapes):
        return "It takes a vector without rows for one word a number; convert it to safetensors."
    if sorted(shape[-1] for shape in shapes) != sorted(embedding.widths):
        return f"It takes one tensor for each text encoder; here are {_listed(layout)}."
    return None


def _diffusers(layout: Layout, embedding: Embedding) -> Refusal:
    if layout.suffix in formats.PICTURES:
        return "It reads .safetensors and torch files, no pictures."
    if not layout.loads_plainly:
        return "torch.load refuses what is in it besides tensors; convert it."
    if layout.kind not in {"dict", "tensor"}:
        return f"It reads dicts of tensors, and this is a {layout.kind}."
    if layout.kind == "tensor" or (len(layout.keys) == 1 and layout.tensors):
        return None
    if layout.params is not None:
        return _diffusers_params(layout)
    is_pair = layout.keys.keys() >= _PAIR and len(embedding.vectors) > 1
    return None if is_pair else f"It takes one tensor from a file; here are {_listed(layout)}."


def _diffusers_params(layout: Layout) -> Refusal:
    if not layout.name:
        return "It looks for a name in such a file, which is missing; convert it."
    return None if "*" in (layout.params or {}) else "It looks for * under string_to_param."


def _listed(layout: Layout) -> str:
    shown = list(layout.keys)
    return f"{', '.join(shown[:3])}{', ...' if len(shown) > 3 else ''}"


_RULES: dict[str, Rule] = {
    "AUTOMATIC1111": _a1111,
    "Forge": _forge,
    "ComfyUI": _comfyui,
    "InvokeAI": _invokeai,
    "SD.Next": _sdnext,
    "diffusers": _diffusers,
}
PROGRAMS = tuple(_RULES)
