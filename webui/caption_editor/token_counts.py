"""How many tokens a caption takes, as far as the base model can be opened."""

from __future__ import annotations

from textual_inversion.errors import TextualInversionError
from webui.caption_editor.rendering import CountTokens


def token_counter(model: str) -> CountTokens:
    """Choose what counts tokens; it knows nothing where the model cannot be opened."""
    from textual_inversion.embeddings.create import count_tokens
    from textual_inversion.models.catalog import describe_model

    try:
        info = describe_model(model)
        count_tokens(info, "")
    except (TextualInversionError, OSError, ValueError):
        return no_count
    return lambda text: count_tokens(info, text)


def no_count(_: str) -> None:
    """Count nothing."""
