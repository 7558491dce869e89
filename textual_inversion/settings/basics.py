"""The choices of `ti train` that everybody sets."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from textual_inversion.settings.base import BareName, NotBlank, PixelSize, PromptText, Settings
from textual_inversion.settings.markers import (
    OPTIMIZATION,
    PICTURES,
    PREVIEWS,
    Positional,
    SamePass,
    Ui,
)

AUTO = "auto"


class BasicTrainSettings(Settings):
    """What everybody sets: the embedding, the pictures, the rate, the steps and what is saved."""

    embedding: Annotated[BareName, Positional(), Ui("Embedding", "embedding")]
    """The embedding to train, made on the Create tab or by `ti create`."""
    dataset_dir: Annotated[NotBlank, Ui("Dataset directory", "folder")]
    """The folder with the prepared pictures, and captions as .txt beside them if you have any.
    Pictures in a folder 3_NAME below it come three times as often."""
    template: Annotated[str, Ui("Prompt template", "template")] = "subject_filewords.txt"
    """The file of prompt lines, under templates/ or by path; [name] becomes the embedding and
    [filewords] the picture's caption."""
    learning_rate: Annotated[str, Field(min_length=1), Ui("Learning rate", "schedule")] = AUTO
    """One rate, or a schedule such as "0.005:500, 0.001:1000, 0.0005"; "auto" takes one that fits
    the model's words and the optimizer. Too high breaks the pictures, too low learns nothing."""
    learning_rate_steps: Annotated[
        Literal["durations", "absolute"],
        Ui("Step numbers are", group=OPTIMIZATION),
    ] = "durations"
    """Whether the schedule's numbers say how long a rate lasts (500, then 1000 more) or the step
    at which it ends, which is how AUTOMATIC1111 reads them."""
    max_steps: Annotated[int, Field(ge=1, le=1_000_000), Ui("Max steps", row="steps")] = 500
    """Stop after so many updates in all, earlier sittings counted."""
    batch_size: Annotated[int, Field(ge=1, le=64), Ui("Batch size", row="steps")] = 4
    """Pictures in one pass. More gives a steadier direction and takes more memory."""
    gradient_accumulation_steps: Annotated[
        int, Field(ge=1, le=256), Ui("Gradient accumulation steps", row="steps")
    ] = 1
    """Passes added up before one update: a larger batch without more memory, in more time."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8, group=PICTURES), SamePass()] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8, group=PICTURES), SamePass()] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    flip: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Mirror with probability", "slider", step=0.05, group=PICTURES),
    ] = 0.0
    """How often a picture is shown mirrored; 0 is off, 0.5 suits most things but faces and text."""
    save_image_every: Annotated[
        int, Field(ge=0), Ui("Save an image every N steps", row="every", group=PREVIEWS)
    ] = 50
    """Draw a preview with the vectors as they stand; 0 is off."""
    save_embedding_every: Annotated[
        int, Field(ge=0), Ui("Save the embedding every N steps", row="every", group=PREVIEWS)
    ] = 50
    """Keep a snapshot of the vectors, to choose the best one later; 0 is off."""
    save_image_with_embedding: Annotated[
        bool, Ui("Save images with embedding in PNG chunks", group=PREVIEWS)
    ] = True
    """Write each preview also as a picture that carries the embedding in it."""
    preview_prompt: Annotated[PromptText, Ui("Preview prompt", "area", group=PREVIEWS)] = (
        "a photo of [name]"
    )
    """What previews show, one prompt a line; [name] becomes the embedding. Empty uses the
    template's first line."""
    preview_images: Annotated[
        int, Field(ge=1, le=16), Ui("Pictures per preview prompt", group=PREVIEWS)
    ] = 1
    """Pictures drawn of each prompt, with the preview seed and those after it."""
    preview_negative_prompt: Annotated[
        PromptText, Ui("Preview negative prompt", group=PREVIEWS)
    ] = ""
    """What previews should not show."""
    preview_steps: Annotated[
        int, Field(ge=1, le=150), Ui("Preview sampling steps", "slider", step=1, group=PREVIEWS)
    ] = 20
    """Steps of the sampler for a preview; fewer are faster and rougher."""
    preview_cfg_scale: Annotated[
        float, Field(ge=1, le=30), Ui("Preview CFG scale", "slider", step=0.5, group=PREVIEWS)
    ] = 4.0
    """How strongly previews follow their prompt."""
    preview_seed: Annotated[int, Field(ge=0, lt=2**32), Ui("Preview seed", group=PREVIEWS)] = 1
    """The same seed for every preview, so that one picture is seen to change."""
    shuffle_tags: Annotated[bool, Ui("Shuffle tags by ','", row="tags", group=PICTURES)] = False
    """Put a caption's comma-separated tags in a new order for every prompt."""
    tag_dropout: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Drop out tags", "slider", step=0.05, row="tags", group=PICTURES),
    ] = 0.1
    """The share of a caption's comma-separated tags left out of each prompt, so that no tag is
    relied upon; a caption without commas is one tag. 0.1 is what guides advise, 0 is off."""
    latent_sampling: Annotated[
        Literal["once", "deterministic", "random"], Ui("Latent sampling method", group=PICTURES)
    ] = "deterministic"
    """What of the autoencoder's distribution stands for a picture: its mean, which guides advise;
    one draw for the run, AUTOMATIC1111's default; or a draw at every step, which is the paper's."""

    @field_validator("learning_rate")
    @classmethod
    def _read_auto(cls, text: str) -> str:
        return AUTO if text.strip().lower() == AUTO else text
