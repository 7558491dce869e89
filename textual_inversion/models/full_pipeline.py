"""A base model and a learned word in one diffusers folder, the word among the tokenizer's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.families.base import tokenizer_names
from textual_inversion.models.tokenizers import open_tokenizers


def save_pipeline(
    info: ModelInfo, learned: Sequence[Path], word: str, folder: Path, *, tokenizer: str = ""
) -> None:
    """Write the pipeline with the word added.

    Args:
        info: The base model, a diffusers folder.
        learned: diffusers' file with the vectors, one for each text encoder.
        word: How prompts write it.
        folder: Where the pipeline is written; other files in it stay.
        tokenizer: A separate tokenizer, which takes the place of the model's own.
    """
    from diffusers import DiffusionPipeline

    parts: dict[str, Any] = {}
    if tokenizer:
        names = tokenizer_names(info.family)
        parts = dict(zip(names, open_tokenizers(info, tokenizer), strict=True))
    pipeline: Any = DiffusionPipeline.from_pretrained(info.folder, local_files_only=True, **parts)
    for file, ending in zip(learned, ("", "_2"), strict=False):
        pipeline.load_textual_inversion(
            str(file),
            token=word,
            tokenizer=getattr(pipeline, f"tokenizer{ending}"),
            text_encoder=getattr(pipeline, f"text_encoder{ending}"),
        )
    pipeline.save_pretrained(folder)
