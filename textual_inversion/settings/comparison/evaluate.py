"""The choices of `ti evaluate`: what is drawn of an embedding, and by what it is measured."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from textual_inversion.settings.base import (
    DEFAULT_MODEL,
    FolderPath,
    PixelSize,
    PromptText,
    Settings,
)
from textual_inversion.settings.basics import AUTO
from textual_inversion.settings.generate import Sampler
from textual_inversion.settings.markers import Positional, Ui

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class EvaluateSettings(Settings):
    """Measure likeness, obedience and diversity of an embedding and of its run's snapshots."""

    embedding: Annotated[Word, Positional(), Ui("Embedding", "embedding")]
    """The embedding, by its name in embeddings/."""
    run: Annotated[str, Ui("Run", "run")] = ""
    """The run folder whose snapshots are compared; empty takes the newest run of that embedding,
    and its pictures, base model and the settings of its previews where no others are given."""
    dataset_dir: Annotated[FolderPath, Ui("Pictures", "folder")] = ""
    """The folder of the pictures that the embedding was trained on; they are only read. Empty takes
    the run's."""
    class_word: Annotated[PromptText, Ui("Class word")] = ""
    """What the embedding is one of, such as dog: it is drawn in the same prompts to compare with.
    Empty takes the text that the vectors began with."""
    prompts: Annotated[str, Ui("Prompts")] = AUTO
    """Which prompts are drawn: objects, live (animals and people), simple (colours and styles), or
    a text file with one a line and [name] in each. auto takes objects, and simple with small models
    such as the pocket model."""
    num_prompts: Annotated[int, Field(ge=0, le=1000), Ui("Number of prompts", row="count")] = 0
    """So many prompts of the list, evenly chosen; 0 draws all."""
    num_images: Annotated[int, Field(ge=1, le=64), Ui("Pictures a prompt", row="count")] = 1
    """Each prompt is drawn from so many seeds; all embeddings have the same ones."""
    num_snapshots: Annotated[int, Field(ge=0, le=1000), Ui("Snapshots", row="count")] = 4
    """So many snapshots of the run, evenly chosen, besides its best one; 0 measures the embedding
    alone."""
    encoders: Annotated[str, Ui("Image encoders", group="Advanced")] = "auto"
    """DINOv2, SigLIP or CLIP to measure by: folders or names on the Hugging Face Hub with commas
    between them; auto takes those that are in the Hub's cache or under models/, none no encoder.
    Nothing is downloaded."""
    sampler: Annotated[Sampler, Ui("Sampler", row="sampling", group="Advanced")] = "DPM++ 2M"
    """The method that turns noise into a picture."""
    steps: Annotated[
        int, Field(ge=1, le=150), Ui("Steps", "slider", row="sampling", step=1, group="Advanced")
    ] = 20
    """More steps take longer and settle the picture; 20 to 30 is enough for most samplers."""
    cfg_scale: Annotated[
        float,
        Field(ge=1, le=30),
        Ui("CFG scale", "slider", row="sampling", step=0.5, group="Advanced"),
    ] = 4.0
    """How strongly the picture follows the prompt; 1 is not at all, 7 suits SD 1.x, 3 to 4 the
    pocket model."""
    negative_prompt: Annotated[PromptText, Ui("Negative prompt", group="Advanced")] = ""
    """What not to show."""
    seed: Annotated[int, Field(ge=0, lt=2**32), Ui("Seed", row="size", group="Advanced")] = 0
    """Where the seeds of a prompt's pictures begin; each further picture has the next one."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8, group="Advanced")] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8, group="Advanced")] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    vae: Annotated[str, Ui("VAE", "vae", group="Advanced")] = ""
    """Another autoencoder than the base model's own, by path or by its name under models/. Empty
    uses the model's own."""
    tokenizer: Annotated[str, Ui("Tokenizer", group="Advanced")] = ""
    """Another tokenizer than the base model's own: a folder with a vocab.json and a merges.txt, a
    model's folder, or a name on the Hugging Face Hub. Empty uses the model's own."""
    output: Annotated[FolderPath, Ui("Output directory", group="Advanced")] = "outputs"
    """Where the report and its pictures go."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model that the embedding is for: a diffusers folder or a .safetensors or
    .ckpt file, by path or by its name under models/, or a name on the Hugging Face Hub."""
