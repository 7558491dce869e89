"""The choices of `ti prune`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from textual_inversion.settings.base import DEFAULT_MODEL, PROMPT_TOKENS, BareName, Settings
from textual_inversion.settings.markers import Positional, Ui


class PruneSettings(Settings):
    """Drop the vectors whose absence raises the loss on a folder of pictures the least."""

    embedding: Annotated[BareName, Positional(), Ui("Embedding", "embedding")]
    """The embedding, by its name in embeddings/."""
    new_name: Annotated[BareName, Ui("New name")] = ""
    """The name of the pruned embedding; empty takes NAME-pruned."""
    keep: Annotated[int, Field(ge=1, le=PROMPT_TOKENS), Ui("Vectors to keep")] = 1
    """How many vectors are left."""
    dataset_dir: Annotated[str, Ui("Dataset directory")] = "prepared"
    """The folder of pictures on which the loss is measured, such as the one it was trained on."""
    template: Annotated[str, Ui("Prompt template", "template")] = "subject_filewords"
    """The prompts around the word: a name in templates/ or a path."""
    overwrite: Annotated[bool, Ui("Overwrite old embedding")] = False
    """Replace an embedding of the new name; its old file is lost."""
    vae: Annotated[str, Ui("VAE", "vae")] = ""
    """Another autoencoder than the base model's own."""
    tokenizer: Annotated[str, Ui("Tokenizer")] = ""
    """Another tokenizer than the base model's own; the one it was trained with."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The base model that the embedding was trained on."""
