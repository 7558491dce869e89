"""Every choice a user has, declared once.

The field's docstring is the flag's help, the control's hint and the row of the reference table;
the constraint stands in `Annotated`, the default after `=`. Nothing outside this file lists the
fields by hand: the command line, the page and the table are renderings of `knobs.walk`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from textual_inversion.errors import SettingsError

SCHEMA_VERSION = 1
DEFAULT_MODEL = "models/pocket"
_MADE = {("embeddings",), ("runs",), ("outputs",)}

Widget = Literal["auto", "slider", "area", "embedding", "model", "template", "schedule"]


@dataclass(frozen=True)
class Ui:
    """How a field looks on the page; it has no effect on what the field means."""

    label: str
    widget: Widget = "auto"
    row: str = ""
    step: float | None = None
    advanced: bool = False


@dataclass(frozen=True)
class Positional:
    """Marks a field that the command line takes by place, not by a flag."""


@dataclass(frozen=True)
class OnlyWith:
    """Marks a field that has an effect only while the switch `field` is on."""

    field: str


class Settings(BaseModel):
    """What all jobs' settings share: frozen, nothing unknown accepted."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _migrate(cls, data: Any) -> object:
        """Accept a settings file of this or an older schema version."""
        if not isinstance(data, dict):
            raise ValueError("settings must be one object of names and values")
        if "schema_version" not in data:
            return data  # pyright: ignore[reportUnknownVariableType]
        fields: dict[str, Any] = {str(key): value for key, value in data.items()}  # pyright: ignore
        version = fields.pop("schema_version")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise ValueError(
                f"schema_version is {version}, but this program knows up to {SCHEMA_VERSION}; "
                "update the program or remove the line"
            )
        return fields

    def to_json(self) -> str:
        """Write the settings as the text of a settings file."""
        fields: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **self.model_dump(mode="json")}
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def build(cls, *sources: dict[str, Any]) -> Self:
        """Validate merged `sources` (later ones win); SettingsError words every complaint."""
        merged: dict[str, Any] = {}
        for source in sources:
            merged.update(source)
        try:
            return cls.model_validate(merged)
        except ValidationError as error:
            raise SettingsError(complaint(error)) from None


def complaint(error: ValidationError) -> str:
    """Word pydantic's complaints in one line, the same for the command line and the page."""
    parts: list[str] = []
    for item in error.errors():
        name = ".".join(str(part) for part in item["loc"])
        said = item["msg"].removeprefix("Value error, ")
        got = "" if item["type"] in {"missing", "value_error"} else f" (got {item['input']!r:.60})"
        parts.append(f"{name}: {said}{got}" if name else said)
    return "; ".join(parts)


def read_settings_file(path: Path) -> dict[str, Any]:
    """Read a settings file into a dict that `Settings.build` takes."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"Settings file {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise SettingsError(f"Settings file {path} is not JSON: {error}.") from None
    if not isinstance(data, dict):
        raise SettingsError(f"Settings file {path} must hold one JSON object of settings.")
    return {str(key): value for key, value in data.items()}  # pyright: ignore


PixelSize = Annotated[int, Field(ge=0, le=2048, multiple_of=8)]


class CreateSettings(Settings):
    """Create an embedding: a name, a start, and how many vectors it has."""

    name: Annotated[str, Positional(), Ui("Name")]
    """The word you will use in prompts, and the file's name. Pick one that is no word yet."""
    initialization_text: Annotated[str, Ui("Initialization text")] = "*"
    """Words that say roughly what the pictures show, such as "brown dog"; the vectors start from
    them. Empty starts from zeros."""
    num_vectors: Annotated[
        int, Field(ge=1, le=75), Ui("Number of vectors per token", "slider", step=1)
    ] = 1
    """How many of a prompt's 75 tokens the word takes. More hold more detail, need more pictures,
    and leave less room in prompts; 1 to 8 suits most subjects."""
    start: Annotated[
        Literal["words", "encoded-words", "random", "zeros"], Ui("Start from", advanced=True)
    ] = "words"
    """"words" copies the text's own vectors; "encoded-words" what the text encoder makes of them
    (Cross Initialization, quick for faces); "random" is as long as words are; "zeros" learns
    slowly."""
    from_file: Annotated[str, Ui("Start from an embedding file", advanced=True)] = ""
    """The path of an embedding in any format whose vectors are copied; text, number and start are
    not used then."""
    overwrite: Annotated[bool, Ui("Overwrite old embedding")] = False
    """Replace an embedding of the same name; its old file is lost."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model that the embedding is for: a diffusers folder, by path or by its
    name under models/."""


class PreprocessSettings(Settings):
    """Prepare a folder of pictures for training."""

    source: Annotated[str, Positional(), Ui("Source directory")]
    """The folder with your pictures; it is only read."""
    destination: Annotated[str, Positional(), Ui("Destination directory")]
    """The folder to write to; made when missing, never emptied, and different from the source."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size (512 for SD 1.x)."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size (512 for SD 1.x)."""
    keep_original_size: Annotated[bool, Ui("Keep original size")] = False
    """Neither scale nor crop, whatever else is chosen below; training crops each picture to its own
    size then. Oversized ones are still split where that is asked for."""
    flipped_copies: Annotated[
        Literal["none", "horizontal", "vertical", "both"], Ui("Create flipped copies")
    ] = "none"
    """Write mirrored copies too, which doubles a small set; leave it for subjects that are not
    the same mirrored, such as lettering or a parting."""
    split_oversized: Annotated[bool, Ui("Split oversized images")] = False
    """Cut a picture that is much longer than the target into overlapping pieces of width x height,
    instead of cropping it to one."""
    split_threshold: Annotated[
        float, Field(ge=0, le=1), OnlyWith("split_oversized"),
        Ui("Split image threshold", "slider", row="split", step=0.05, advanced=True),
    ] = 0.5  # fmt: skip
    """A picture is split when a crop to the target's shape would keep at most this share of it."""
    split_overlap: Annotated[
        float, Field(ge=0, le=1), OnlyWith("split_oversized"),
        Ui("Split image overlap ratio", "slider", row="split", step=0.05, advanced=True),
    ] = 0.2  # fmt: skip
    """The least share of a piece that its neighbour shows as well; more than 0.9 counts as 0.9."""
    focal_crop: Annotated[bool, Ui("Auto focal point crop")] = False
    """Crop around what is worth seeing, found by faces, edges and entropy, instead of around the
    middle."""
    focal_face_weight: Annotated[
        float, Field(ge=0, le=1), OnlyWith("focal_crop"),
        Ui("Focal point face weight", "slider", row="focal", step=0.05, advanced=True),
    ] = 0.9  # fmt: skip
    """How much faces count; they are found by OpenCV's own detectors (Haar cascades). 0 does not
    look for them."""
    focal_entropy_weight: Annotated[
        float, Field(ge=0, le=1), OnlyWith("focal_crop"),
        Ui("Focal point entropy weight", "slider", row="focal", step=0.05, advanced=True),
    ] = 0.15  # fmt: skip
    """How much the part counts where light and dark mix most; 0 is off."""
    focal_edges_weight: Annotated[
        float, Field(ge=0, le=1), OnlyWith("focal_crop"),
        Ui("Focal point edges weight", "slider", row="focal", step=0.05, advanced=True),
    ] = 0.5  # fmt: skip
    """How much strong corners count; 0 is off."""
    focal_crop_debug: Annotated[
        bool, OnlyWith("focal_crop"), Ui("Create debug image", advanced=True)
    ] = False
    """Draw for each picture how its crop was found, into a folder of its own beside the
    destination: <destination>-debug."""
    auto_sized_crop: Annotated[bool, Ui("Auto-sized crop")] = False
    """Choose for each picture the size that suits its shape, in steps of 64 pixels, instead of
    width x height; the picture is left out when none suits."""
    auto_size_min: Annotated[
        int, Field(ge=0, le=2048), OnlyWith("auto_sized_crop"),
        Ui("Dimension lower bound", "slider", row="auto-edges", step=8, advanced=True),
    ] = 384  # fmt: skip
    """The shortest edge to choose, in pixels; rounded up to a multiple of 8."""
    auto_size_max: Annotated[
        int, Field(ge=0, le=2048), OnlyWith("auto_sized_crop"),
        Ui("Dimension upper bound", "slider", row="auto-edges", step=8, advanced=True),
    ] = 768  # fmt: skip
    """The longest edge to choose, in pixels."""
    auto_area_min: Annotated[
        int, Field(ge=1, le=2048 * 2048), OnlyWith("auto_sized_crop"),
        Ui("Area lower bound", row="auto-areas", advanced=True),
    ] = 64 * 64  # fmt: skip
    """The least width x height to choose."""
    auto_area_max: Annotated[
        int, Field(ge=1, le=2048 * 2048), OnlyWith("auto_sized_crop"),
        Ui("Area upper bound", row="auto-areas", advanced=True),
    ] = 640 * 640  # fmt: skip
    """The greatest width x height to choose; it decides how much memory training takes."""
    auto_size_objective: Annotated[
        Literal["maximize-area", "minimize-error"], OnlyWith("auto_sized_crop"),
        Ui("Resizing objective", row="auto-choice", advanced=True),
    ] = "maximize-area"  # fmt: skip
    """Take the largest size that suits, or the one that cuts away least."""
    auto_size_error: Annotated[
        float, Field(ge=0, le=1), OnlyWith("auto_sized_crop"),
        Ui("Error threshold", "slider", row="auto-choice", step=0.01, advanced=True),
    ] = 0.1  # fmt: skip
    """A size suits when at most this share of the picture is cut away."""
    existing_captions: Annotated[
        Literal["ignore", "copy", "prepend", "append"], Ui("Existing captions")
    ] = "copy"
    """What to do with a .txt beside a picture: ignore it, copy it, or put it before or after a
    new caption."""
    caption_joiner: Annotated[str, Ui("Caption joiner", advanced=True)] = ", "
    """What stands between an existing caption and a new one."""
    output_format: Annotated[Literal["png", "jpeg", "webp", "captions"], Ui("Output format")] = (
        "png"
    )
    """PNG keeps every pixel, JPEG and WebP are a third of the size. "captions" writes only the .txt
    files, named like the pictures, and no pictures."""
    keep_alpha: Annotated[bool, Ui("Keep transparency", row="files", advanced=True)] = False
    """Keep the alpha channel, as a mask for training, instead of putting white behind it; JPEG
    has none."""
    recursive: Annotated[bool, Ui("Include subfolders", row="files", advanced=True)] = False
    """Take the pictures of all folders below the source as well; hidden ones are left out."""
    model: Annotated[str, Ui("Base model", "model", advanced=True)] = DEFAULT_MODEL
    """Whose picture size is taken when width or height is 0."""


class CheckSettings(Settings):
    """Look through a folder of pictures before training, and say what is wrong with it."""

    folder: Annotated[str, Positional(), Ui("Dataset directory")]
    """The folder with the prepared pictures and their captions; it is only read."""
    name: Annotated[str, Ui("Embedding")] = ""
    """The embedding to be trained, to find its name in captions; empty does not look for it."""
    template: Annotated[str, Ui("Prompt template", "template")] = "subject_filewords.txt"
    """The file of prompt lines to be trained with; empty leaves it out."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """Whose picture size is taken when width or height is 0, and whose tokens are counted."""


class TrainSettings(Settings):
    """Train an embedding on a folder of pictures; everything else stays frozen."""

    embedding: Annotated[str, Positional(), Ui("Embedding", "embedding")]
    """The embedding to train, made on the Create tab or by `ti create`."""
    dataset_dir: Annotated[str, Ui("Dataset directory")] = "samples/unicorn"
    """The folder with the prepared pictures, and captions as .txt beside them if you have any."""
    template: Annotated[str, Ui("Prompt template", "template")] = "subject_filewords.txt"
    """The file of prompt lines, under templates/ or by path; [name] becomes the embedding and
    [filewords] the picture's caption."""
    learning_rate: Annotated[str, Field(min_length=1), Ui("Learning rate", "schedule")] = "0.005"
    """One rate, or a schedule such as "0.005:500, 0.001:1000, 0.0005". Too high breaks the
    pictures, too low learns nothing; 0.005 is a good start."""
    learning_rate_steps: Annotated[
        Literal["durations", "absolute"], Ui("Step numbers are", advanced=True)
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
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    flip: Annotated[
        float, Field(ge=0, le=1), Ui("Mirror with probability", "slider", step=0.05, advanced=True)
    ] = 0.0
    """How often a picture is shown mirrored; 0 is off, 0.5 suits most things but faces and text."""
    save_image_every: Annotated[
        int, Field(ge=0), Ui("Save an image every N steps", row="every")
    ] = 50
    """Draw a preview with the vectors as they stand; 0 is off."""
    save_embedding_every: Annotated[
        int, Field(ge=0), Ui("Save the embedding every N steps", row="every")
    ] = 50
    """Keep a snapshot of the vectors, to choose the best one later; 0 is off."""
    save_image_with_embedding: Annotated[bool, Ui("Save images with embedding in PNG chunks")] = (
        True
    )
    """Write each preview also as a picture that carries the embedding in it."""
    preview_prompt: Annotated[str, Ui("Preview prompt", "area")] = "a photo of [name]"
    """What previews show, one prompt a line; [name] becomes the embedding. Empty uses the
    template's first line."""
    preview_images: Annotated[
        int, Field(ge=1, le=16), Ui("Pictures per preview prompt", advanced=True)
    ] = 1
    """Pictures drawn of each prompt, with the preview seed and those after it."""
    preview_negative_prompt: Annotated[str, Ui("Preview negative prompt", advanced=True)] = ""
    """What previews should not show."""
    preview_steps: Annotated[
        int, Field(ge=1, le=150), Ui("Preview sampling steps", "slider", step=1, advanced=True)
    ] = 20
    """Steps of the sampler for a preview; fewer are faster and rougher."""
    preview_cfg_scale: Annotated[
        float, Field(ge=1, le=30), Ui("Preview CFG scale", "slider", step=0.5, advanced=True)
    ] = 4.0
    """How strongly previews follow their prompt."""
    preview_seed: Annotated[int, Field(ge=0, lt=2**32), Ui("Preview seed", advanced=True)] = 1
    """The same seed for every preview, so that one picture is seen to change."""
    shuffle_tags: Annotated[bool, Ui("Shuffle tags by ','", row="tags")] = False
    """Put a caption's comma-separated tags in a new order for every prompt."""
    tag_dropout: Annotated[
        float, Field(ge=0, le=1), Ui("Drop out tags", "slider", step=0.05, row="tags")
    ] = 0.0
    """The share of tags left out of each prompt, so that no tag is relied upon."""
    latent_sampling: Annotated[
        Literal["once", "deterministic", "random"], Ui("Latent sampling method")
    ] = "once"
    """How a picture's latent is drawn from the autoencoder: once for the run, its mean, or anew
    at every step, which is the paper's way."""
    optimizer: Annotated[
        Literal["adamw", "adamw-8bit", "lion", "prodigy", "schedule-free", "spherical"],
        Ui("Optimizer", advanced=True),
    ] = "adamw"
    """What turns gradients into steps. "spherical" moves only the vectors' direction, which obeys
    prompts best (rates near 0.01); "prodigy" wants a rate of 1."""
    adam_beta1: Annotated[
        float, Field(ge=0, le=1), Ui("Beta 1", row="adam", step=0.01, advanced=True)
    ] = 0.9
    """How long the optimizer remembers a direction."""
    adam_beta2: Annotated[
        float, Field(ge=0, le=1), Ui("Beta 2", row="adam", step=0.001, advanced=True)
    ] = 0.999
    """How long the optimizer remembers the size of the gradient."""
    adam_epsilon: Annotated[float, Field(ge=0), Ui("Epsilon", row="adam", advanced=True)] = 1e-8
    """Keeps the step small where the gradient is nearly nothing."""
    weight_decay: Annotated[
        float, Field(ge=0), Ui("Weight decay", row="adam", step=0.001, advanced=True)
    ] = 0.0
    """Pulls the vectors towards zero at each step; 0 is off and right for embeddings."""
    lr_scheduler: Annotated[
        Literal[
            "steps", "constant", "constant_with_warmup", "linear", "cosine",
            "cosine_with_restarts", "polynomial",
        ],
        Ui("Learning rate scheduler", row="scheduler", advanced=True),
    ] = "steps"  # fmt: skip
    """"steps" takes the learning rate as written; the others multiply it by a curve over max
    steps."""
    warmup_steps: Annotated[
        int, Field(ge=0), Ui("Warm-up steps", row="scheduler", advanced=True)
    ] = 0
    """Rise to the learning rate over so many steps; "constant" knows no warm-up."""
    lr_num_cycles: Annotated[int, Field(ge=1), Ui("Restarts", row="scheduler", advanced=True)] = 1
    """How often cosine_with_restarts begins anew."""
    scale_learning_rate: Annotated[
        bool, Ui("Scale learning rate by accumulation and batch size", advanced=True)
    ] = False
    """Multiply the learning rate by gradient accumulation steps, batch size and number of
    processes."""
    gradient_clipping: Annotated[
        Literal["none", "value", "norm"], Ui("Gradient clipping", row="clip", advanced=True)
    ] = "none"
    """Limit each number of the gradient, or its norm, before a step."""
    clipping_threshold: Annotated[
        str, Field(min_length=1), Ui("Clipping threshold", row="clip", advanced=True)
    ] = "0.1"
    """The limit: one number or a schedule, as for the learning rate."""
    ema_decay: Annotated[
        float, Field(ge=0, le=1), Ui("EMA decay", "slider", step=0.01, advanced=True)
    ] = 0.0
    """Save and show a moving average of the vectors, which is steadier than their last state; 0 is
    off, 0.98 averages some fifty steps."""
    norm: Annotated[
        Literal["free", "soft", "fixed"], Ui("Norm of the vectors", row="norm", advanced=True)
    ] = "free"
    """Vectors much longer than words overrule the rest of a prompt. "soft" pulls them towards the
    vocabulary's mean norm, "fixed" keeps them at it."""
    norm_strength: Annotated[
        float, Field(ge=0, le=1), Ui("Pull", "slider", row="norm", step=0.01, advanced=True)
    ] = 0.1
    """The share of the way to the mean norm that "soft" goes after each step."""
    kappa: Annotated[
        float, Field(ge=0), Ui("Kappa: likeness - obeys the prompt", row="norm", advanced=True)
    ] = 1e-4
    """How strongly "spherical" is pulled to where it started: higher obeys prompts more and
    resembles less."""
    loss: Annotated[Literal["mse", "huber"], Ui("Loss", row="loss", advanced=True)] = "mse"
    """"huber" weighs far-off pixels less, which forgives odd pictures in the set."""
    huber_delta: Annotated[
        float, Field(gt=0), Ui("Huber delta", row="loss", step=0.05, advanced=True)
    ] = 0.1
    """The error at which "huber" turns from squared to straight."""
    min_snr_gamma: Annotated[
        float, Field(ge=0), Ui("Min-SNR gamma", row="loss", step=0.5, advanced=True)
    ] = 0.0
    """Weigh timesteps by their signal-to-noise ratio, capped here; 0 is off, 5 is the paper's."""
    alpha_as_loss_weight: Annotated[
        bool, Ui("Use PNG alpha channel as loss weight", advanced=True)
    ] = False
    """Learn only from what is not transparent, the more the less transparent it is."""
    noise_offset: Annotated[
        float, Field(ge=0, le=1), Ui("Noise offset", row="noise", step=0.01, advanced=True)
    ] = 0.0
    """Shift the noise of whole channels, for very dark or bright pictures; 0 is off, 0.05 is
    much."""
    timesteps: Annotated[
        Literal["stratified", "uniform"], Ui("Timesteps", row="noise", advanced=True)
    ] = "stratified"
    """"stratified" spreads a batch's timesteps evenly, which steadies the gradient for free;
    "uniform" draws each on its own."""
    min_timestep: Annotated[
        int, Field(ge=0, le=999), Ui("From timestep", row="noise", advanced=True)
    ] = 0
    """Train only on noise from here on: low timesteps teach detail, high ones layout."""
    max_timestep: Annotated[
        int, Field(ge=0, le=999), Ui("To timestep", row="noise", advanced=True)
    ] = 999
    """Train only on noise up to here."""
    caption_dropout: Annotated[
        float, Field(ge=0, le=1), Ui("Drop whole captions", "slider", step=0.05, row="tags")
    ] = 0.0
    """How often a picture is shown with no words but the template's."""
    keep_tags: Annotated[int, Field(ge=0), Ui("Keep the first N tags", row="tags")] = 0
    """Tags at the front that are neither shuffled nor dropped."""
    gradient_checkpointing: Annotated[
        bool, Ui("Gradient checkpointing", row="memory", advanced=True)
    ] = False
    """Needs far less memory and about a third more time; for large pictures on small cards."""
    sliced_attention: Annotated[bool, Ui("Sliced attention", row="memory", advanced=True)] = False
    """Compute attention in slices: less memory, more time."""
    evaluate_every: Annotated[
        int, Field(ge=0), Ui("Evaluate every N steps", row="evaluate", advanced=True)
    ] = 10
    """Measure the loss of a fixed batch, which tells progress where the training loss only jumps;
    0 is off."""
    hold_out_picture: Annotated[bool, Ui("Hold one picture out", row="evaluate", advanced=True)] = (
        True
    )
    """With ten or more pictures, evaluate on one that is not trained on."""
    convergence_window: Annotated[
        int, Field(ge=1), Ui("Convergence window", row="evaluate", advanced=True)
    ] = 200
    """The run counts as converged when the fixed batch's loss has not moved for so many steps."""
    stop_when_converged: Annotated[bool, Ui("Stop when converged")] = False
    """End the run when the loss of the fixed batch has stopped moving; the best vectors are kept
    as NAME-best in any case."""
    on_nan: Annotated[
        Literal["stop", "halve"], Ui("When vectors are no numbers", advanced=True)
    ] = "stop"
    """Put the last good vectors back and stop, or go on from them at half the rate."""
    seed: Annotated[int, Field(ge=0, lt=2**32), Ui("Seed", row="run")] = 0
    """The same seed and settings give the same vectors on the same machine."""
    checkpoint_every: Annotated[
        int, Field(ge=0), Ui("Checkpoint every N steps", row="run", advanced=True)
    ] = 100
    """Write what is needed to go on exactly; one is always written at a stop. 0 is only then."""
    resume: Annotated[str, Ui("Resume", advanced=True)] = "latest"
    """"latest" goes on from this embedding's newest checkpoint, "never" starts a new run from the
    embedding's file, and a path goes on from that run folder."""
    report_to: Annotated[
        Literal["none", "tensorboard", "wandb", "trackio"], Ui("Report to", advanced=True)
    ] = "none"
    """Log scalars, and previews where it takes pictures, to one of these as well; each is a package
    of its own. CSV and JSON lines are always written."""
    log_dir: Annotated[str, Ui("Log directory", row="run")] = "runs"
    """Where run folders are made: <log directory>/<date>/<embedding>/."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model to train on: a diffusers folder, by path or by its name under
    models/."""

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        from textual_inversion.schedules import parse_schedule

        absolute = self.learning_rate_steps == "absolute"
        parse_schedule(self.learning_rate, absolute=absolute)
        parse_schedule(self.clipping_threshold, absolute=absolute, what="clipping threshold")
        if self.min_timestep > self.max_timestep:
            raise ValueError(
                f"min_timestep {self.min_timestep} lies above max_timestep {self.max_timestep}; "
                "swap them"
            )
        return self


Sampler = Literal[
    "DPM++ 2M", "DPM++ 2M Karras", "Euler", "Euler a", "DDIM", "UniPC", "Heun", "PNDM"
]


class GenerateSettings(Settings):
    """Generate pictures; name an embedding in the prompt, as <name> or just name."""

    prompt: Annotated[str, Positional(), Ui("Prompt", "area")]
    """What to show. Write <name> or name where an embedding's subject should be."""
    negative_prompt: Annotated[str, Ui("Negative prompt")] = ""
    """What not to show; embeddings work here too."""
    sampler: Annotated[Sampler, Ui("Sampler", row="sampling")] = "DPM++ 2M"
    """The method that turns noise into a picture."""
    steps: Annotated[int, Field(ge=1, le=150), Ui("Steps", "slider", row="sampling", step=1)] = 20
    """More steps take longer and settle the picture; 20 to 30 is enough for most samplers."""
    cfg_scale: Annotated[
        float, Field(ge=1, le=30), Ui("CFG scale", "slider", row="sampling", step=0.5)
    ] = 4.0
    """How strongly the picture follows the prompt; 1 is not at all, 7 suits SD 1.x, 3 to 4 the
    pocket model."""
    width: Annotated[PixelSize, Ui("Width", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    height: Annotated[PixelSize, Ui("Height", row="size", step=8)] = 0
    """Pixels; a multiple of 8. 0 takes the base model's own size."""
    num_images: Annotated[int, Field(ge=1, le=64), Ui("Number of images", row="batch")] = 1
    """Pictures made together; picture k has the seed plus k."""
    seed: Annotated[int, Field(ge=-1, lt=2**32), Ui("Seed", row="batch")] = -1
    """The start of the noise; -1 draws a new one, which the picture's info tells."""
    output: Annotated[str, Ui("Output directory", advanced=True)] = "outputs"
    """Where the PNG files go, each with its settings in a text chunk."""
    model: Annotated[str, Ui("Base model", "model")] = DEFAULT_MODEL
    """The Stable Diffusion model to draw with: a diffusers folder, by path or by its name under
    models/."""


def find_folder(name: str) -> Path:
    """Find `embeddings`, `templates`, `models` or the like: here, else in the project's folder.

    An environment variable TI_HOME, when set, stands for "here", and what is made goes there only.
    """
    here = Path(os.environ.get("TI_HOME", ".")) / name
    if "TI_HOME" in os.environ and Path(name).parts[:1] in _MADE:
        return here
    package = Path(__file__).resolve().parent
    shipped = (package.parent / name, package / "_project" / name)
    return here if here.is_dir() else next((path for path in shipped if path.is_dir()), here)
