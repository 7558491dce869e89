"""The choices of the console form: the fields, defaults and ranges of InvokeAI's, by its names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from textual_inversion.errors import EmbeddingError
from textual_inversion.names import check_name
from textual_inversion.settings.base import DEFAULT_MODEL, PROMPT_TOKENS, Settings
from textual_inversion.settings.markers import Ui


def _is_name(text: str) -> str:
    try:
        return check_name(text)
    except EmbeddingError as error:
        raise ValueError(str(error)) from None


Filled = Annotated[str, Field(min_length=1)]


class ConsoleSettings(Settings):
    """Train an embedding by a form in the terminal."""

    model: Annotated[Filled, Ui("Model name", "model")] = DEFAULT_MODEL
    """The base model to train on; the embedding works with models of the same family."""
    placeholder_token: Annotated[str, AfterValidator(_is_name), Ui("Trigger term")]
    """The word that means the subject in prompts, without angle brackets; it fills the two folders
    in."""
    initializer_token: Annotated[Filled, Ui("Initializer")] = "*"
    """The word that the vectors start from, such as dog; "*" starts from nothing in particular."""
    resume: Annotated[bool, Ui("Resume from last saved checkpoint")] = False
    """Go on where the training in the output folder ended; ticked when there is a checkpoint."""
    learnable_property: Annotated[Literal["object", "style"], Ui("Learnable property")] = "object"
    """Whether prompts speak of a thing or of a style."""
    train_data_dir: Annotated[Filled, Ui("Data training directory", "folder")]
    """The folder with the pictures."""
    output_dir: Annotated[Filled, Ui("Output destination directory", "folder")]
    """Where logs, checkpoints and vectors are written; the finished embedding is copied from it."""
    resolution: Annotated[Literal["512", "768", "1024", "model"], Ui("Image resolution")] = "512"
    """Pixels a side that pictures are resized to; "model" takes the base model's own size."""
    center_crop: Annotated[bool, Ui("Center crop images")] = False
    """Cut pictures to their middle square instead of squashing them."""
    mixed_precision: Annotated[Literal["no", "fp16", "bf16"], Ui("Mixed precision")] = "fp16"
    """The number format of the frozen weights; "no" is fp32. The vectors are always fp32."""
    num_train_epochs: Annotated[
        int, Field(ge=1, le=1000), Ui("Number of training epochs", "slider", step=50)
    ] = 100
    """Moving it sets the training steps: epochs x pictures x 100 / (batch size x accumulation)."""
    max_train_steps: Annotated[
        int, Field(ge=1, le=10_000), Ui("Max training steps", "slider", step=500)
    ] = 3000
    """Stop after so many updates in all; 2000 to 3000 are enough for most sets."""
    train_batch_size: Annotated[int, Field(ge=1, le=50), Ui("Batch size", "slider", step=1)] = 8
    """Pictures in one pass; more take more memory."""
    gradient_accumulation_steps: Annotated[
        int, Field(ge=1, le=10), Ui("Gradient accumulation steps", "slider", step=1)
    ] = 4
    """Passes added up before one update: a larger batch in the same memory."""
    lr_warmup_steps: Annotated[int, Field(ge=0, le=100), Ui("Warmup steps", "slider", step=1)] = 0
    """Updates over which the rate rises; the scheduler "constant" has no warm-up."""
    learning_rate: Annotated[float, Field(gt=0), Ui("Learning rate")] = 5e-4
    """How far one update goes; 0.0005 is careful, 0.005 is fast."""
    scale_lr: Annotated[bool, Ui("Scale learning rate")] = True
    """Multiply the learning rate by batch size and accumulation."""
    enable_xformers_memory_efficient_attention: Annotated[bool, Ui("Use xformers acceleration")] = (
        False
    )
    """Compute attention with xformers, which must be installed."""
    lr_scheduler: Annotated[
        Literal[
            "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts",
            "polynomial",
        ],
        Ui("Learning rate scheduler"),
    ] = "constant"  # fmt: skip
    """The curve that the learning rate follows."""
    num_vectors: Annotated[
        int, Field(ge=1, le=PROMPT_TOKENS), Ui("Number of vectors", "slider", step=1)
    ] = 1
    """How many of a prompt's 75 tokens the word takes; more hold more detail."""
    validation_prompt: Annotated[str, Ui("Preview prompt")] = "a photo of [name]"
    """What previews show; [name] becomes the trigger. Empty draws none but those asked for."""
    validation_steps: Annotated[
        int, Field(ge=1, le=10_000), Ui("Preview every N steps", "slider", step=50)
    ] = 250
    """Draw a preview every so many updates, and at the end."""

    @model_validator(mode="after")
    def _keep_folders_apart(self) -> ConsoleSettings:
        if self.train_data_dir.rstrip("/\\") == self.output_dir.rstrip("/\\"):
            raise ValueError("the pictures and the results need two folders; change one of them")
        return self
