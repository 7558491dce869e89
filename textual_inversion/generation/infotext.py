"""The text that AUTOMATIC1111 writes into a picture's `parameters` chunk, and others read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import torch

from textual_inversion.generation.sampling import SamplingParams


def infotext(
    params: SamplingParams, seed: int, *, model: str, model_hash: str, words: Mapping[str, str]
) -> str:
    """Word a picture's settings; `words` maps the embeddings used to their short hashes."""
    lines = [params.prompt]
    if params.negative_prompt:
        lines.append(f"Negative prompt: {params.negative_prompt}")
    facts = {
        "Steps": params.steps,
        "Sampler": params.sampler,
        "CFG scale": f"{params.cfg_scale:g}",
        "Seed": seed,
        "Size": f"{params.width}x{params.height}",
        "Model hash": model_hash,
        "Model": model,
    }
    if words:
        named = ", ".join(f"{name}: {digest}" for name, digest in words.items())
        facts["TI hashes"] = f'"{named}"'
    lines.append(", ".join(f"{key}: {value}" for key, value in facts.items()))
    return "\n".join(lines)


def vectors_hash(vectors: tuple[torch.Tensor, ...]) -> str:
    """Compute the first twelve hex digits of the SHA-256 of the vectors' fp32 bytes."""
    parts = (tensor.detach().float().cpu().contiguous().numpy().tobytes() for tensor in vectors)
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]
