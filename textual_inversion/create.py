"""Create an embedding: check its name, start its vectors from words, write its file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from textual_inversion import files
from textual_inversion.errors import EmbeddingError
from textual_inversion.files.embedding import Embedding
from textual_inversion.library import Library
from textual_inversion.models.base import BaseModel
from textual_inversion.models.find import describe_model
from textual_inversion.models.load import open_model
from textual_inversion.names import check_name
from textual_inversion.settings import CreateSettings, find_folder
from textual_inversion.vectors import describe, start_vectors

PROMPT_TOKENS = 75


def create(settings: CreateSettings) -> Path:
    """Write embeddings/<name>.pt with zero steps and give its path.

    Raises:
        EmbeddingError: The name will not do, is a word already, or is taken.
    """
    name = check_name(settings.name)
    library = Library(find_folder("embeddings"))
    if not settings.overwrite and (taken := library.find(name)):
        raise EmbeddingError(
            f'There is already an embedding "{name}" at {taken.path}; choose another name or '
            "allow overwriting."
        )
    model = open_model(settings.model)
    _check_is_new_word(name, model)
    vectors = _start(settings, model)
    embedding = Embedding(name, vectors, base_model=model.info.name, base_model_hash=model.hash)
    return library.save(embedding, overwrite=settings.overwrite)


def describe_start(settings: CreateSettings) -> str:
    """Tell which tokens the initialization text becomes and how they fill the vectors."""
    start = describe(
        open_tokenizer(settings.model), settings.initialization_text, settings.num_vectors
    )
    left = PROMPT_TOKENS - settings.num_vectors
    room = f"{settings.num_vectors} of a prompt's {PROMPT_TOKENS} tokens, {left} left."
    if settings.from_file:
        return f"The vectors are those of {settings.from_file}."
    if settings.start == "random":
        return f"The vectors start from random directions. The name takes {room}"
    if settings.start == "zeros" or not start.tokens:
        return f"No words: the vectors start from zeros. The name takes {room}"
    parts = [
        f"{token} ({count})" if count else f"{token} (none)"
        for token, count in zip(start.tokens, start.counts, strict=True)
    ]
    source = "what the encoder makes of " if settings.start == "encoded-words" else ""
    skipped = f" (skipped: {' '.join(start.skipped)})" if start.skipped else ""
    return f"Vectors start from: {source}{', '.join(parts)}{skipped}. The name takes {room}"


def _start(settings: CreateSettings, model: BaseModel) -> tuple[torch.Tensor, ...]:
    if settings.from_file:
        source = files.read(Path(settings.from_file).expanduser())
        model.check_widths(source.widths, source.name)
        return source.vectors
    text = settings.initialization_text
    return start_vectors(model.text.encoders, text, settings.num_vectors, how=settings.start)


@lru_cache(maxsize=4096)
def count_tokens(model: str, text: str) -> int:
    """Count the tokens of a prompt, as `model` reads it, without start and end."""
    return len(open_tokenizer(model)(text, add_special_tokens=False).input_ids)


@lru_cache(maxsize=4)
def open_tokenizer(model: str) -> Any:
    """Open only a model's tokenizer, which is quick."""
    from textual_inversion.models.tokens import open_tokenizers

    return open_tokenizers(describe_model(model))[0]


def _check_is_new_word(name: str, model: BaseModel) -> None:
    """Refuse a word of the vocabulary: it would mean the embedding in every prompt."""
    tokens = model.text.encoders[0].token_ids(name)
    if len(tokens) == 1:
        raise EmbeddingError(
            f'"{name}" is a word that the base model knows already, so every prompt with it would '
            f'use the embedding; choose a new word, such as "{name}-x" or "my{name}".'
        )
