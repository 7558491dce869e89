"""The choices of `ti check`: what is looked at, and on the command line the probe besides."""

from __future__ import annotations

from typing import Annotated, Any

from textual_inversion.settings.base import DEFAULT_MODEL, BareName, NotBlank, PixelSize, Settings
from textual_inversion.settings.markers import OnlyWith, Positional, Ui

_IN_TRAINING = {"folder": "dataset_dir", "name": "embedding"}


class CheckSettings(Settings):
    """Look through a folder of pictures before training, and say what is wrong with it."""

    folder: Annotated[NotBlank, Positional(), Ui("Dataset directory", "folder")]
    """The folder with the prepared pictures and their captions; it is only read."""
    name: Annotated[BareName, Ui("Embedding", "embedding")] = ""
    """The embedding to be trained, to find its name in captions; empty does not look for it."""
    template: Annotated[str, Ui("Prompt template", "template")] = "subject_filewords.txt"
    """The file of prompt lines to be trained with; empty leaves it out."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    tokenizer: Annotated[str, Ui("Tokenizer")] = ""
    """Another tokenizer than the base model's own, by which tokens are counted; empty uses the
    model's own."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """Whose picture size is taken when width or height is 0, and whose tokens are counted."""

    def for_training(self) -> dict[str, Any]:
        """Return what was chosen here, and is not empty, under the names that `ti train` has."""
        chosen = {path: getattr(self, path) for path in self.model_fields_set}
        return {
            _IN_TRAINING.get(path, path): value
            for path, value in chosen.items()
            if path in CheckSettings.model_fields and value != ""
        }


class CheckCommandSettings(CheckSettings):
    """Look through a folder of pictures before training, and say what is wrong with it."""

    probe: Annotated[bool, Ui("Estimate time and memory")] = False
    """Take five true training steps on the base model and tell from them how long the training
    will take and how much memory; nothing is kept of them."""
    train_settings: Annotated[str, OnlyWith("probe"), Ui("Settings of the training")] = ""
    """The settings file of the training to estimate, such as a run folder's settings.json; empty
    takes the defaults of `ti train`. The page takes what the Train tab says."""
