"""The choices of `ti sweep` and `ti batch`: what many runs vary, and what they share."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from textual_inversion.settings.base import NotBlank, Settings
from textual_inversion.settings.create import VectorSettings
from textual_inversion.settings.markers import Positional, SamePass, Ui
from textual_inversion.settings.train import TrainSettings

Rank = Literal["loss", "order"]
EngineName = Literal["local", "ray"]
EARLY_STOPPING = ("reduction_factor", "grace_period")
"""The settings of early stopping; they have no part in a sweep without it."""


class ManyRunsSettings(TrainSettings, VectorSettings):
    """What all runs have in common, their vectors' start included."""

    # A run of many goes on by itself where it was interrupted.
    resume: ClassVar[str] = "latest"  # pyright: ignore
    runs_at_once: Annotated[int, Field(ge=1, le=256), Ui("Runs at once", group="Advanced")] = 8
    """How many runs share each pass of the base model; the others wait for a place. More are
    faster until the device is full; what does not fit into a GPU is computed in halves."""
    engine: Annotated[EngineName, Ui("Engine", group="Advanced", row="engine")] = "local"
    """Where the runs are trained: in this process, or by Ray on all GPUs of this machine or of a
    cluster. What they make lies here in either case."""
    address: Annotated[str, Ui("Address")] = ""
    """The Ray cluster, as HOST:PORT, or "auto" for the one that this machine belongs to; empty
    takes what RAY_ADDRESS names, or starts Ray on this machine."""
    gpus_per_batch: Annotated[
        float, Field(ge=0, le=1), Ui("GPUs per batch", group="Advanced", row="engine")
    ] = 1.0
    """What of a GPU Ray gives to each batch of runs: 0.5 trains two batches on each, 0 trains on
    CPUs. A cluster without GPUs uses its CPUs."""


class SweepSettings(ManyRunsSettings):
    """Train an embedding under every combination of some settings' values."""

    over: Annotated[tuple[str, ...], Ui("Setting and its values")]
    """The settings that vary, each as NAME=VALUE,VALUE; quotes keep a comma inside a value, as in
    'learning_rate="0.01:100, 0.005",auto'. Any setting of ti train can, and what vectors start
    from."""
    samples: Annotated[int, Field(ge=0), Ui("Samples", row="which")] = 0
    """Train only so many of the combinations, drawn at random by the seed; 0 trains all."""
    rank: Annotated[Rank, Ui("Rank", row="which")] = "loss"
    """How the table at the end is sorted: by the lowest loss of each run's fixed batch, which is
    fair between runs with the same pictures, template and seed, or in the order of the runs."""
    reduction_factor: Annotated[int, Field(ge=0), Ui("Reduction factor", row="halving")] = 0
    """Early stopping by successive halving: with 3, the third of the runs with the lowest loss of
    the fixed batch goes on at each halt, and the others end there. 0 trains all to their end."""
    grace_period: Annotated[int, Field(ge=1), Ui("Grace period", row="halving")] = 100
    """The step of the first halt of early stopping; each further one is a reduction factor times
    later, as 100, 300, 900."""


class BatchSettings(ManyRunsSettings):
    """Train one embedding for each line of a table, under the same settings."""

    # Each line names its own.
    embedding: ClassVar[str] = ""  # pyright: ignore
    dataset_dir: ClassVar[str] = ""  # pyright: ignore
    concepts: Annotated[NotBlank, Positional(), Ui("Concepts", "file")]
    """A CSV file with a line of titles: embedding, dataset_dir, and any setting that differs from
    line to line, such as initialization_text or template; an empty cell takes what all have."""


def pass_fields(model: type[Settings]) -> tuple[str, ...]:
    """List the settings in which runs must agree to share the passes of one base model."""
    return tuple(
        path
        for path, info in model.model_fields.items()
        if any(isinstance(item, SamePass) for item in info.metadata)
    )


def varying_fields(model: type[ManyRunsSettings]) -> tuple[str, ...]:
    """List the settings that may differ between the runs of `model`."""
    own = {*TrainSettings.model_fields, *VectorSettings.model_fields}
    return tuple(
        path
        for path, info in model.model_fields.items()
        if path in own and not any(isinstance(item, Positional) for item in info.metadata)
    )
