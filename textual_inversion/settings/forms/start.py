"""The choices of the page's Start tab, and what they come to for the three jobs that it starts."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from textual_inversion.settings.base import DEFAULT_MODEL, BareName, NotBlank, Settings
from textual_inversion.settings.basics import BasicTrainSettings
from textual_inversion.settings.create import CreateSettings
from textual_inversion.settings.hardware import HardwareSettings
from textual_inversion.settings.markers import Ui
from textual_inversion.settings.preprocess import PreprocessSettings
from textual_inversion.settings.train import TrainSettings

Subject = Literal["subject", "style", "person"]
Effort = Literal["quick", "balanced", "careful"]

WORDS: dict[Subject, tuple[str, ...]] = {
    "subject": ("toy", "dog", "cat", "animal", "plant", "building", "car", "logo"),
    "style": ("painting", "drawing", "illustration", "photo", "cartoon", "sketch"),
    "person": ("person", "woman", "man", "girl", "boy", "face"),
}
"""Words to start from; the first of each is what one who does not choose gets."""
_PROMPTS: dict[Subject, str] = {
    "subject": "a photo of [name]",
    "style": "a house in [name] style",
    "person": "a portrait of [name]",
}
_VECTORS: dict[Effort, int] = {"quick": 2, "balanced": 4, "careful": 6}
# What decides how long a step takes on one machine; what a preset sets is compared by itself.
_PACE = (
    HardwareSettings.model_fields.keys() - BasicTrainSettings.model_fields.keys() - {"preset"}
) | {"model", "batch_size", "gradient_accumulation_steps", "width", "height"}


class StartSettings(Settings):
    """Teach a word from a folder of pictures: prepare them, create the embedding, train it."""

    folder: Annotated[NotBlank, Ui("Pictures", "folder")]
    """The folder with the pictures; it is only read."""
    name: Annotated[BareName, Ui("Its name")]
    """The word you will use in prompts. Pick one that is no word yet, such as my-cat."""
    kind: Annotated[Subject, Ui("What is it?")] = "subject"
    """A thing or an animal, the manner of pictures, or someone; it chooses what the pictures are
    called while training."""
    initialization_text: Annotated[str, Ui("In a word", "word")] = WORDS["subject"][0]
    """What the model should think of first: choose a word or write your own, such as brown dog."""
    effort: Annotated[Effort, Ui("How thorough")] = "balanced"
    """More steps and more vectors hold more detail, and take longer."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model that the embedding is for."""

    def creating(self) -> CreateSettings:
        """Build the settings that create the embedding."""
        words = {"name": self.name, "initialization_text": self.initialization_text}
        return CreateSettings.build(
            words, {"num_vectors": _VECTORS[self.effort], "model": self.model}
        )

    def preparing(
        self, destination: str, *, focal_crop: bool, recursive: bool
    ) -> PreprocessSettings:
        """Build the settings that prepare the pictures."""
        return PreprocessSettings.build(
            {"source": self.folder, "destination": destination, "model": self.model},
            {"focal_crop": focal_crop, "recursive": recursive},
        )

    def training(self, dataset_dir: str) -> TrainSettings:
        """Build the settings that train the embedding; a run of an older namesake is not resumed.

        A preview of the initialization text stands beside those of the embedding.
        """
        return TrainSettings.build(
            {"embedding": self.name, "dataset_dir": dataset_dir, "model": self.model},
            {"template": f"{self.kind}_filewords.txt", "preview_prompt": _PROMPTS[self.kind]},
            {"preview_beside": "start", "resume": "never", "preset": self.effort},
        )


def has_same_pace(settings: TrainSettings, other: dict[str, Any]) -> bool:
    """Whether a step of a run, given by the values of its settings file, takes as long."""
    fields = TrainSettings.model_fields
    mine = settings.model_dump(mode="json")
    return all(mine[name] == other.get(name, fields[name].default) for name in _PACE)
