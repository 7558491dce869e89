"""The choices of `ti train` about optimization: the rate, the vectors, the loss and its noise."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from textual_inversion.settings.basics import AUTO
from textual_inversion.settings.hardware import HardwareSettings
from textual_inversion.settings.markers import OPTIMIZATION, Ui
from textual_inversion.settings.previews import PreviewSettings
from textual_inversion.settings.schedule import parse_learning_rate, parse_schedule


class OptimizationSettings(PreviewSettings, HardwareSettings):
    """How the vectors learn."""

    optimizer: Annotated[
        Literal["auto", "adamw", "adamw-8bit", "lion", "prodigy", "schedule-free", "spherical"],
        Ui("Optimizer", group=OPTIMIZATION),
    ] = "auto"
    """What turns gradients into steps. "auto" is "schedule-free", which averages its steps, for the
    learning rate "auto", and "adamw" for one of your own. "spherical" moves only the vectors'
    direction, which obeys prompts best (rates near 0.01); "prodigy" wants a rate of 1."""
    adam_beta1: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Beta 1", row="adam", step=0.01, group=OPTIMIZATION),
    ] = 0.9
    """How long the optimizer remembers a direction."""
    adam_beta2: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Beta 2", row="adam", step=0.001, group=OPTIMIZATION),
    ] = 0.999
    """How long the optimizer remembers the size of the gradient."""
    adam_epsilon: Annotated[float, Field(ge=0), Ui("Epsilon", row="adam", group=OPTIMIZATION)] = (
        1e-8
    )
    """Keeps the step small where the gradient is nearly nothing."""
    weight_decay: Annotated[
        float,
        Field(ge=0),
        Ui("Weight decay", row="adam", step=0.001, group=OPTIMIZATION),
    ] = 0.0
    """Pulls the vectors towards zero at each step; 0 is off and right for embeddings."""
    lr_scheduler: Annotated[
        Literal[
            "steps", "constant", "constant_with_warmup", "linear", "cosine",
            "cosine_with_restarts", "polynomial",
        ],
        Ui("Learning rate scheduler", row="scheduler", group=OPTIMIZATION),
    ] = "steps"  # fmt: skip
    """"steps" takes the learning rate as written ("auto" rises first and, but for schedule-free,
    falls along a cosine); the others multiply it by a curve over max steps."""
    warmup_steps: Annotated[
        int, Field(ge=0), Ui("Warm-up steps", row="scheduler", group=OPTIMIZATION)
    ] = 0
    """Rise to the learning rate over so many steps ("auto" does so by itself); "constant" knows no
    warm-up."""
    lr_num_cycles: Annotated[
        int, Field(ge=1), Ui("Restarts", row="scheduler", group=OPTIMIZATION)
    ] = 1
    """How often cosine_with_restarts begins anew."""
    scale_learning_rate: Annotated[
        bool,
        Ui(
            "Scale learning rate by accumulation and batch size",
            group=OPTIMIZATION,
        ),
    ] = False
    """Multiply the learning rate by gradient accumulation steps, batch size and number of
    processes."""
    gradient_clipping: Annotated[
        Literal["none", "value", "norm"],
        Ui("Gradient clipping", row="clip", group=OPTIMIZATION),
    ] = "none"
    """Limit each number of the gradient, or its norm, before a step."""
    clipping_threshold: Annotated[
        str,
        Field(min_length=1),
        Ui("Clipping threshold", row="clip", group=OPTIMIZATION),
    ] = "0.1"
    """The limit: one number or a schedule, as for the learning rate."""
    ema_decay: Annotated[
        float, Field(ge=0, le=1), Ui("EMA decay", "slider", step=0.01, group=OPTIMIZATION)
    ] = 0.0
    """Save and show a moving average of the vectors, which is steadier than their last state; 0 is
    off, 0.98 averages some fifty steps."""
    norm: Annotated[
        Literal["free", "soft", "fixed"], Ui("Norm of the vectors", row="norm", group=OPTIMIZATION)
    ] = "free"
    """Vectors much longer than words overrule the rest of a prompt. "soft" pulls them towards the
    vocabulary's mean norm, "fixed" keeps them at it."""
    norm_strength: Annotated[
        float, Field(ge=0, le=1), Ui("Pull", "slider", row="norm", step=0.01, group=OPTIMIZATION)
    ] = 0.1
    """The share of the way to the mean norm that "soft" goes after each step."""
    kappa: Annotated[
        float,
        Field(ge=0),
        Ui("Kappa: likeness - obeys the prompt", row="norm", group=OPTIMIZATION),
    ] = 1e-4
    """How strongly "spherical" is pulled to where it started: higher obeys prompts more and
    resembles less."""
    loss: Annotated[Literal["mse", "huber"], Ui("Loss", row="loss", group=OPTIMIZATION)] = "mse"
    """"huber" weighs far-off pixels less, which forgives odd pictures in the set."""
    huber_delta: Annotated[
        float, Field(gt=0), Ui("Huber delta", row="loss", step=0.05, group=OPTIMIZATION)
    ] = 0.1
    """The error at which "huber" turns from squared to straight."""
    min_snr_gamma: Annotated[
        float, Field(ge=0), Ui("Min-SNR gamma", row="loss", step=0.5, group=OPTIMIZATION)
    ] = 0.0
    """Weigh timesteps by their signal-to-noise ratio, capped here; 0 is off, 5 is the paper's."""
    alpha_as_loss_weight: Annotated[
        bool, Ui("Use PNG alpha channel as loss weight", group=OPTIMIZATION)
    ] = False
    """Learn only from what is not transparent, the more the less transparent it is. A grey picture
    NAME.mask.png or NAME-masklabel.png beside picture NAME goes before: white counts, black not."""
    noise_offset: Annotated[
        float, Field(ge=0, le=1), Ui("Noise offset", row="noise", step=0.01, group=OPTIMIZATION)
    ] = 0.0
    """Shift the noise of whole channels, for very dark or bright pictures; 0 is off, 0.05 is
    much."""
    timesteps: Annotated[
        Literal["stratified", "uniform"], Ui("Timesteps", row="noise", group=OPTIMIZATION)
    ] = "stratified"
    """"stratified" spreads a batch's timesteps evenly, which steadies the gradient for free;
    "uniform" draws each on its own."""
    min_timestep: Annotated[
        int, Field(ge=0, le=999), Ui("From timestep", row="noise", group=OPTIMIZATION)
    ] = 0
    """Train only on noise from here on: low timesteps teach detail, high ones layout."""
    max_timestep: Annotated[
        int, Field(ge=0, le=999), Ui("To timestep", row="noise", group=OPTIMIZATION)
    ] = 999
    """Train only on noise up to here."""

    @model_validator(mode="after")
    def _check_schedule(self) -> Self:
        absolute = self.learning_rate_steps == "absolute"
        if self.learning_rate != AUTO:
            parse_learning_rate(self.learning_rate, absolute=absolute)
        parse_schedule(self.clipping_threshold, absolute=absolute, what="clipping threshold")
        if self.min_timestep > self.max_timestep:
            raise ValueError(
                f"min_timestep {self.min_timestep} lies above max_timestep {self.max_timestep}; "
                "swap them"
            )
        return self

    @property
    def optimizer_name(self) -> str:
        """Name the optimizer that "auto" stands for, or the chosen one."""
        if self.optimizer != "auto":
            return self.optimizer
        # It averages its steps, so it goes with no schedule.
        is_ours = self.learning_rate == AUTO and self.lr_scheduler == "steps"
        return "schedule-free" if is_ours else "adamw"
