"""Which shapes and keys an embedding's tensors have. Light: no torch."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual_inversion.errors import EmbeddingError

MAX_VECTORS = 1024  # a prompt holds 75; some files stack a few prompts' worth
MAX_WIDTH = 8192
SDXL_KEYS = ("clip_l", "clip_g")
BARE_KEYS = ("emb_params", "emp_params")  # the second is how OneTrainer spelled it
_LORA = ("lora", "lokr", "loha", "hada_")
_MODEL = ("text_model.", "model.diffusion_model", "cond_stage_model", "first_stage_model", "unet.")


def check_shape(shape: Iterable[int], path: Path | str) -> None:
    """Raise EmbeddingError for a shape that no embedding has, before the tensor is read."""
    *outer, width = tuple(shape) or (0,)
    rows = outer[0] if outer else 1
    if len(outer) > 1 or not 1 <= rows <= MAX_VECTORS or not 1 <= width <= MAX_WIDTH:
        found = " x ".join(str(size) for size in (*outer, width))
        raise EmbeddingError(
            f"{path} is not an embedding: it holds a tensor of {found} where vectors belong, "
            f"at most {MAX_VECTORS} of a width up to {MAX_WIDTH}."
        )


def describe_keys(keys: list[str]) -> str:
    """Describe what a file with these keys holds instead of an embedding."""
    if not keys:
        return "it holds no tensor"
    if any(part in key.lower() for key in keys for part in _LORA):
        return "it looks like a LoRA, which belongs in another folder"
    if any(part in key for key in keys for part in _MODEL):
        return "it looks like a model or a part of one, which belongs in another folder"
    examples = ", ".join(key[:40] for key in keys[:3])
    return f"it holds {len(keys)} tensors ({examples}, ...) where one belongs"
