"""The choices of `ti train` about the base model and the machine: what is computed, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from textual_inversion.settings.base import Ui
from textual_inversion.settings.basics import BasicTrainSettings


class MachineSettings(BasicTrainSettings):
    """How the base model is read and run."""

    prediction_type: Annotated[
        Literal["model", "epsilon", "v_prediction"],
        Ui("Prediction type", row="prediction", group="Base model"),
    ] = "model"
    """What the UNet predicts: as the model's own files say, the noise, or the velocity. Set it only
    for a model whose files are wrong; pictures of pure noise are the sign."""
    zero_terminal_snr: Annotated[
        Literal["model", "on", "off"],
        Ui("Zero terminal SNR", row="prediction", group="Base model"),
    ] = "model"
    """Whether the noise schedule ends in pure noise, which allows very dark and bright pictures: as
    the model's own files say, on, or off. It must be as the model was trained."""
    precision: Annotated[
        Literal["auto", "fp32", "fp16", "bf16"],
        Ui("Precision", row="precision", group="Memory and speed"),
    ] = "auto"
    """The number format of the frozen weights; the vectors are always fp32. "auto" takes bf16 on a
    GPU that computes in it, fp16 on an older one and fp32 on a CPU."""
    channels_last: Annotated[
        bool, Ui("Channels last", row="precision", group="Memory and speed")
    ] = True
    """Lay pictures out in the order that convolutions read fastest; results differ by rounding."""
