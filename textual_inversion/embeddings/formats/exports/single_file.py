"""Exports of one file: AUTOMATIC1111's .pt, .safetensors, and diffusers' learned_embeds."""

from __future__ import annotations

from pathlib import Path

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats import diffusers as diffusers_file, pt, safetensors_file
from textual_inversion.embeddings.formats.exports.extras import Extras


def a1111(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write NAME.pt: string_to_param in torch's legacy form, for SDXL clip_l and clip_g."""
    path = folder / f"{embedding.name}.pt"
    pt.write(path, embedding)
    return path


def safetensors(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write NAME.safetensors: emb_params, for SDXL clip_l and clip_g, and all labels."""
    path = folder / f"{embedding.name}.safetensors"
    safetensors_file.write(path, embedding)
    return path


def diffusers(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write learned_embeds.safetensors, whose one key is the word."""
    path = folder / "learned_embeds.safetensors"
    diffusers_file.export(path, embedding, extras.word)
    return path


def diffusers_bin(folder: Path, embedding: Embedding, extras: Extras) -> Path:
    """Write learned_embeds.bin, whose one key is the word."""
    path = folder / "learned_embeds.bin"
    diffusers_file.export(path, embedding, extras.word)
    return path
