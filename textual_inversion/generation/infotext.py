"""Infotext: what AUTOMATIC1111 writes into a picture's `parameters` chunk, and others read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import torch

from textual_inversion.generation.params import SamplingParams

_HAS_BRACKETS = re.compile(r"[(\[]")


def infotext(
    params: SamplingParams, index: int, *, model: str, model_hash: str, words: Mapping[str, str]
) -> str:
    """Format the parameters of the picture at `index` among those of `params`.

    `words` maps the embeddings used to their short hashes.
    """
    lines = [params.prompt]
    if params.negative_prompt:
        lines.append(f"Negative prompt: {params.negative_prompt}")
    facts = {
        "Steps": params.steps,
        "Sampler": params.sampler,
        "CFG scale": f"{params.cfg_scale:g}",
        "Seed": params.seeds[index],
        "Size": f"{params.width}x{params.height}",
        "Model hash": model_hash,
        "Model": model,
    }
    facts |= _added(params, index) | _hires_facts(params) | _init_facts(params)
    if words:
        named = ", ".join(f"{name}: {digest}" for name, digest in words.items())
        facts["TI hashes"] = f'"{named}"'
    lines.append(", ".join(f"{key}: {value}" for key, value in facts.items()))
    return "\n".join(lines)


def _added(params: SamplingParams, index: int) -> dict[str, str | int]:
    """Return what only some pictures have, by A1111's names."""
    facts: dict[str, str | int] = {}
    if params.clip_skip > 1:
        facts["Clip skip"] = params.clip_skip
    if params.variation_strength > 0:
        facts["Variation seed"] = params.variation_seeds[index]
        facts["Variation seed strength"] = f"{params.variation_strength:g}"
    if params.cfg_rescale > 0:
        facts["CFG Rescale"] = f"{params.cfg_rescale:g}"
    if params.eta > 0:
        facts["Eta DDIM"] = f"{params.eta:g}"
    if params.emphasis != "original" and _HAS_BRACKETS.search(
        f"{params.prompt}{params.negative_prompt}"
    ):
        facts["Emphasis"] = params.emphasis.capitalize()
    return facts


def _hires_facts(params: SamplingParams) -> dict[str, str | int]:
    hires = params.hires
    if hires is None:
        return {}
    facts: dict[str, str | int] = {
        "Denoising strength": f"{hires.strength:g}",
        "Hires upscale": f"{hires.scale:g}",
        "Hires upscaler": hires.upscaler,
    }
    return facts | ({"Hires steps": hires.steps} if hires.steps else {})


def _init_facts(params: SamplingParams) -> dict[str, str | int]:
    init = params.init
    if init is None:
        return {}
    facts: dict[str, str | int] = {
        "Denoising strength": f"{init.strength:g}",
        "Resize mode": init.resize_mode.capitalize(),
    }
    if not init.mask:
        return facts
    facts |= {"Mask blur": init.blur, "Masked content": init.content}
    if init.invert:
        facts["Mask mode"] = "Inpaint not masked"
    if init.area == "only masked":
        facts |= {"Inpaint area": "Only masked", "Masked area padding": init.padding}
    return facts


def vectors_hash(vectors: tuple[torch.Tensor, ...]) -> str:
    """Compute the first twelve hex digits of the SHA-256 of the vectors' fp32 bytes."""
    parts = (tensor.detach().float().cpu().contiguous().numpy().tobytes() for tensor in vectors)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]
