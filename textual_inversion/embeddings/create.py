"""Create an embedding: check its name, start its vectors from words, write its file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.initialization import describe_tokens, start_vectors
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.opening import open_model
from textual_inversion.names import check_name
from textual_inversion.settings import CreateSettings
from textual_inversion.settings.base import PROMPT_TOKENS
from textual_inversion.storage.paths import find_folder


def create(settings: CreateSettings, library: Library | None = None) -> Path:
    """Create embeddings/<name>.pt, or a library's, with zero steps and return its path."""
    return _create(settings, library)[0]


def create_and_describe(settings: CreateSettings) -> str:
    """Create an embedding; return its path, initialization and token count as a message."""
    path, model = _create(settings)
    return f"Created {path}. {describe_created(settings, model)}"


def _create(settings: CreateSettings, library: Library | None = None) -> tuple[Path, ModelInfo]:
    """Create an embedding; return its path and its base model.

    Raises:
        EmbeddingError: The name is not allowed, is a token of the vocabulary, or is taken.
    """
    name = check_name(settings.name)
    library = library or Library(find_folder("embeddings"))
    if not settings.overwrite and (taken := library.find(name)):
        raise EmbeddingError(
            f'There is already an embedding "{name}" at {taken.path}; choose another name or '
            "allow overwriting."
        )
    model = open_model(settings.model, tokenizer=settings.tokenizer)
    if not settings.force and _is_word(name, model.text.encoders[0].tokenizer):
        raise EmbeddingError(
            f"{_name_conflict(name)}; choose a new word, such as {_suggestions(name)}, or allow it "
            "with "
            '"Use it anyway" (--force).'
        )
    vectors = _start(settings, model)
    embedding = Embedding(
        name,
        vectors,
        base_model=model.info.name,
        base_model_hash=model.hash,
        initialization_text=_words(settings),
    )
    return library.save(embedding, overwrite=settings.overwrite), model.info


def describe_name(settings: CreateSettings, model: ModelInfo) -> str:
    """Return a warning if the name is a token of the base model's vocabulary, else ""."""
    name = check_name(settings.name)
    if not _is_word(name, open_tokenizer(model, settings.tokenizer)):
        return ""
    return f"{_name_conflict(name)}; a new word, such as {_suggestions(name)}, would avoid that."


def describe_created(settings: CreateSettings, model: ModelInfo) -> str:
    """Describe an embedding's initialization, with a warning about its name on a second line."""
    warning = describe_name(settings, model)
    return describe_start(settings, model) + (f"\nWarning: {warning}" if warning else "")


def describe_start(settings: CreateSettings, model: ModelInfo) -> str:
    """Describe the initialization text's tokens and how many vectors start from each."""
    tokenizer = open_tokenizer(model, settings.tokenizer)
    start = describe_tokens(tokenizer, settings.initialization_text, settings.num_vectors)
    remaining = PROMPT_TOKENS - settings.num_vectors
    token_count = f"{settings.num_vectors} of a prompt's {PROMPT_TOKENS} tokens, {remaining} left."
    if settings.from_file:
        return f"The vectors are those of {settings.from_file}."
    if settings.start == "random":
        return f"The vectors start from random directions. The name takes {token_count}"
    if settings.start == "zeros" or not start.tokens:
        return f"No words: the vectors start from zeros. The name takes {token_count}"
    parts = [
        f"{token} ({count})" if count else f"{token} (none)"
        for token, count in zip(start.tokens, start.counts, strict=True)
    ]
    source = "what the encoder makes of " if settings.start == "encoded-words" else ""
    skipped = f" (skipped: {' '.join(start.skipped)})" if start.skipped else ""
    return f"Vectors start from: {source}{', '.join(parts)}{skipped}. The name takes {token_count}"


def _words(settings: CreateSettings) -> str | None:
    """Return the words that the vectors start from, if they start from words."""
    from_words = settings.start in {"words", "encoded-words"} and not settings.from_file
    return settings.initialization_text.strip() or None if from_words else None


def _start(settings: CreateSettings, model: BaseModel) -> tuple[torch.Tensor, ...]:
    if settings.from_file:
        source = formats.read(Path(settings.from_file).expanduser())
        model.check_widths(source.widths, source.name)
        return source.vectors
    text = settings.initialization_text
    return start_vectors(model.text.encoders, text, settings.num_vectors, how=settings.start)


@lru_cache(maxsize=4096)
def count_tokens(model: ModelInfo, text: str, tokenizer: str = "") -> int:
    """Count a prompt's tokens in a model's or a separate tokenizer, without begin and end."""
    return len(open_tokenizer(model, tokenizer)(text, add_special_tokens=False).input_ids)


@lru_cache(maxsize=4)
def open_tokenizer(model: ModelInfo, separate: str = "") -> Any:
    """Load only a model's first tokenizer, or a separate one in its place; cached."""
    from textual_inversion.models.tokenizers import open_tokenizers

    return open_tokenizers(model, separate)[0]


def _is_word(name: str, tokenizer: Any) -> bool:
    """Whether a name is one token of the vocabulary."""
    return len(tokenizer(name, add_special_tokens=False, verbose=False).input_ids) == 1


def _name_conflict(name: str) -> str:
    return (
        f'"{name}" is a word that the base model knows already, so every prompt with it would use '
        "the embedding"
    )


def _suggestions(name: str) -> str:
    return f'"{name}-x" or "my{name}"'
