"""Infotext back to settings: what a picture tells of how it was made. Light: no torch.

The format is A1111's: the prompt, "Negative prompt: ...", and a last line of "Name: value" pairs,
whose values are quoted where they hold a comma (`modules/infotext_utils.py`, version 1.10).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, get_args

from textual_inversion.settings import GenerateSettings
from textual_inversion.settings.generate import Sampler

_PAIR = re.compile(r'\s*(\w[\w \-/]*):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')
_LEAST_PAIRS = 3
_NEGATIVE = "Negative prompt:"
# Settings that a picture does not name stand at what they are without a word.
_SILENT = (
    "negative_prompt", "clip_skip", "cfg_rescale", "eta", "variation_seed", "variation_strength",
    "emphasis", "hires_fix", "hires_steps",
)  # fmt: skip


def parse_infotext(text: str) -> dict[str, Any]:
    """Read infotext into values of GenerateSettings, with "model" as the model's bare name.

    What is not known here, or has no meaning here, is left out; {} if it is no infotext.
    """
    prompt, negative, facts = _split(text)
    if not facts:
        return {}
    fields = GenerateSettings.model_fields
    values = {name: fields[name].default for name in _SILENT}
    values |= {"prompt": prompt, "negative_prompt": negative}
    for key, (field, convert) in _READERS.items():
        if key in facts:
            try:
                values[field] = convert(facts[key])
            except ValueError:
                continue
    return values | _size(facts) | _sampler(facts) | _strength(facts)


def _split(text: str) -> tuple[str, str, dict[str, str]]:
    *lines, last = text.strip().split("\n")
    pairs = {key.strip(): _unquoted(value) for key, value in _PAIR.findall(last)}
    if len(pairs) < _LEAST_PAIRS:
        return "", "", {}
    at = next((i for i, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    negative = "\n".join(lines[at:]).removeprefix(_NEGATIVE).strip()
    return "\n".join(lines[:at]).strip(), negative, pairs


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value.strip()
    try:
        return str(json.loads(value))
    except ValueError:
        return value.strip('"')


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "Steps": ("steps", int),
    "CFG scale": ("cfg_scale", float),
    "Seed": ("seed", int),
    "Clip skip": ("clip_skip", int),
    "CFG Rescale": ("cfg_rescale", float),
    "Eta DDIM": ("eta", float),
    "Variation seed": ("variation_seed", int),
    "Variation seed strength": ("variation_strength", float),
    "Emphasis": ("emphasis", str.lower),
    "Hires upscale": ("hires_scale", float),
    "Hires upscaler": ("hires_upscaler", str),
    "Hires steps": ("hires_steps", int),
    "Resize mode": ("resize_mode", str.lower),
    "Mask blur": ("mask_blur", int),
    "Masked content": ("masked_content", str.lower),
    "Inpaint area": ("inpaint_area", str.lower),
    "Masked area padding": ("inpaint_padding", int),
    "Model": ("model", str),
}


def _size(facts: dict[str, str]) -> dict[str, int]:
    found = re.fullmatch(r"(\d+)x(\d+)", facts.get("Size", ""))
    return {"width": int(found[1]), "height": int(found[2])} if found else {}


def _sampler(facts: dict[str, str]) -> dict[str, str]:
    """Read the sampler, which newer A1111 names apart from its "Schedule type"."""
    name, schedule = facts.get("Sampler", ""), facts.get("Schedule type", "")
    known = [one for one in (f"{name} {schedule}", name) if one in get_args(Sampler)]
    return {"sampler": known[0]} if known else {}


def _strength(facts: dict[str, str]) -> dict[str, Any]:
    """Read the one strength that the high-res fix and img2img share."""
    is_hires = "Hires upscale" in facts
    try:
        strength = {
            "hires_strength" if is_hires else "strength": float(facts["Denoising strength"])
        }
    except (KeyError, ValueError):
        strength = {}
    return {**strength, "hires_fix": is_hires}
