"""The choices of `ti suggest-words`: which words a base model itself finds for pictures."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from textual_inversion.settings.base import DEFAULT_MODEL, NotBlank, PromptText, Settings
from textual_inversion.settings.markers import Positional, Ui


class SuggestSettings(Settings):
    """Rank words for the initialization text by the base model's own loss on your pictures."""

    folder: Annotated[NotBlank, Positional(), Ui("Pictures")]
    """The folder with the pictures that the embedding will be trained on; they are only read."""
    prompt: Annotated[PromptText, Ui("Prompt")] = "a photo of a [name]"
    """The sentence in which each word is tried, at the place of [name]."""
    words: Annotated[PromptText, Ui("Only these words")] = ""
    """Words or short phrases to rank, with commas between them. Empty tries the words of the base
    model's own vocabulary."""
    most_words: Annotated[int, Field(ge=1, le=50_000), Ui("Words to try", row="effort")] = 3000
    """How many of the vocabulary's words are tried, those that were learned first, which are the
    commonest; more find rarer words and take longer."""
    draws: Annotated[int, Field(ge=1, le=1024), Ui("Noise draws", row="effort")] = 64
    """On how many noisy pictures the best words are compared; all words see the same ones."""
    pictures_at_once: Annotated[int, Field(ge=0, le=256), Ui("Pictures at once", row="effort")] = 0
    """How many noisy pictures the UNet sees in one pass; 0 is 16, or 4 for large models."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model that the embedding is for: a diffusers folder or a .safetensors or
    .ckpt file, by path or by its name under models/, or a name on the Hugging Face Hub."""
