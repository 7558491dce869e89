"""How many tokens a prompt takes, and the embeddings found in it, below each prompt."""

from __future__ import annotations

from typing import Any

from textual_inversion.errors import TextualInversionError
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.settings import GenerateSettings
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.html import render
from webui.jobs import warm


def count_html(device: DeviceLock, path: str, values: dict[str, Any]) -> str:
    """Count the tokens of the prompt at `path`, and name the embeddings found in it."""
    prompt = values[path]
    if not prompt:
        return ""
    warm(device)
    from textual_inversion.embeddings.create import open_tokenizer
    from textual_inversion.generation.token_count import count_prompt
    from textual_inversion.models.catalog import describe_model

    try:
        settings = GenerateSettings.build(values, {"prompt": prompt})
        model = describe_model(settings.model)
        count = count_prompt(
            prompt,
            open_tokenizer(model, settings.tokenizer),
            choices.library(find_folder("embeddings")),
            model.widths,
            num_steps=settings.steps,
            emphasis=settings.emphasis,
        )
    except TextualInversionError:
        return ""  # the head of the page, or Generate, says what is wrong
    return render("generate/prompt_count", count=count)
