"""The choices of `ti create`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from textual_inversion.settings.base import (
    DEFAULT_MODEL,
    PROMPT_TOKENS,
    BareName,
    PromptText,
    Settings,
)
from textual_inversion.settings.markers import Positional, Ui


class _NameSettings(Settings):
    name: Annotated[BareName, Positional(), Ui("Name")]
    """The word you will use in prompts, and the file's name; <name> means the same. Pick one that
    is no word yet."""
    force: Annotated[bool, Ui("Use it anyway")] = False
    """Take the name although it is a word the base model knows; that word then means the embedding
    in every prompt."""


class VectorSettings(Settings):
    """What the vectors of an embedding start from, and how many they are."""

    initialization_text: Annotated[PromptText, Ui("Initialization text")] = "*"
    """Words that say roughly what the pictures show, such as "brown dog"; the vectors start from
    them, leading articles and commas skipped. Empty starts from zeros."""
    num_vectors: Annotated[
        int,
        Field(ge=1, le=PROMPT_TOKENS),
        Ui("Number of vectors per token", "slider", step=1),
    ] = 1
    """How many of a prompt's 75 tokens the word takes. More hold more detail, need more pictures,
    and leave less room in prompts; 1 to 8 suits most subjects."""
    start: Annotated[
        Literal["words", "encoded-words", "random", "zeros"], Ui("Start from", group="Advanced")
    ] = "words"
    """"words" copies the text's own vectors; "encoded-words" what the text encoder makes of them
    (Cross Initialization, quick for faces); "random" is as long as words are; "zeros" learns
    slowly."""


class CreateSettings(VectorSettings, _NameSettings):
    """Create an embedding: a name, a start, and how many vectors it has."""

    from_file: Annotated[str, Ui("Start from an embedding file", group="Advanced")] = ""
    """The path of an embedding in any format whose vectors are copied; text, number and start are
    not used then."""
    tokenizer: Annotated[str, Ui("Tokenizer", group="Advanced")] = ""
    """Another tokenizer than the base model's own, which reads the initialization text; the same as
    in training. Empty uses the model's own."""
    overwrite: Annotated[bool, Ui("Overwrite old embedding")] = False
    """Replace an embedding of the same name; its old file is lost."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model that the embedding is for: a diffusers folder or a .safetensors or
    .ckpt file, by path or by its name under models/, or a name on the Hugging Face Hub."""
