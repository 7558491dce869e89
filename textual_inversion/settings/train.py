"""The choices of `ti train`: captions, evaluation and the run, beside those it inherits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from textual_inversion.settings.base import DEFAULT_MODEL
from textual_inversion.settings.markers import PICTURES, RUN, OneRun, SamePass, Ui
from textual_inversion.settings.optimization import OptimizationSettings


class TrainSettings(OptimizationSettings):
    """Train an embedding on a folder of pictures; everything else stays frozen."""

    caption_dropout: Annotated[
        float,
        Field(ge=0, le=1),
        Ui("Drop whole captions", "slider", step=0.05, row="tags", group=PICTURES),
    ] = 0.0
    """How often a picture is shown with no words but the template's."""
    keep_tags: Annotated[
        int, Field(ge=0), Ui("Keep the first N tags", row="tags", group=PICTURES)
    ] = 0
    """Tags at the front that are neither shuffled nor dropped."""
    evaluate_every: Annotated[
        int, Field(ge=0), Ui("Evaluate every N steps", row="evaluate", group=RUN)
    ] = 10
    """Measure the loss of a fixed batch, which tells progress where the training loss only jumps;
    0 is off."""
    hold_out_picture: Annotated[bool, Ui("Hold one picture out", row="evaluate", group=RUN)] = True
    """With ten or more pictures, evaluate on one that is not trained on."""
    convergence_window: Annotated[
        int, Field(ge=1), Ui("Convergence window", row="evaluate", group=RUN)
    ] = 200
    """The run counts as converged when the fixed batch's loss has not moved for so many steps."""
    stop_when_converged: Annotated[bool, Ui("Stop when converged", group=RUN)] = False
    """End the run when the loss of the fixed batch has stopped moving; the best vectors are kept
    as NAME-best in any case."""
    on_nan: Annotated[Literal["stop", "halve"], Ui("When vectors become NaN", group=RUN)] = "stop"
    """Put the last good vectors back and stop, or go on from them at half the learning rate, which
    is tried six times at most."""
    seed: Annotated[int, Field(ge=0, lt=2**32), Ui("Seed", row="run", group=RUN)] = 0
    """The same seed and settings give the same vectors on the same machine."""
    checkpoint_every: Annotated[
        int, Field(ge=0), Ui("Checkpoint every N steps", row="run", group=RUN)
    ] = 100
    """Write what is needed to go on exactly; one is always written at a stop. 0 is only then."""
    checkpoints_total_limit: Annotated[
        int, Field(ge=0), Ui("Checkpoints to keep", row="run", group=RUN)
    ] = 3
    """Keep so many of the run's newest checkpoints, of a few KB each; 0 keeps all, so that you can
    go on from any of them."""
    resume: Annotated[str, OneRun(), Ui("Resume", group=RUN)] = "latest"
    """"latest" goes on from this embedding's newest checkpoint, "never" starts a new run from the
    embedding's file; a path goes on from that run folder, or from that file in its checkpoints."""
    report_to: Annotated[
        Literal["none", "tensorboard", "wandb", "trackio"], Ui("Report to", group=RUN)
    ] = "none"
    """Log scalars, and previews where it takes pictures, to one of these as well; each is a package
    of its own. CSV and JSON lines are always written."""
    log_dir: Annotated[str, OneRun(), Ui("Log directory", row="run", group=RUN)] = "runs"
    """Where run folders are made: <log directory>/<date>/<embedding>/."""
    model: Annotated[str, OneRun(), Ui("Base model", "model"), SamePass()] = DEFAULT_MODEL
    """The Stable Diffusion model to train on: a diffusers folder or a .safetensors or .ckpt file,
    by path or by its name under models/, or a name on the Hugging Face Hub."""
