"""Put the parts of a training together from its settings: model, data, learner, chores."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

from textual_inversion.data.batches import Batches
from textual_inversion.data.dataset import read_batches
from textual_inversion.devices.gradient_check import check_device
from textual_inversion.devices.launcher import launcher_notes
from textual_inversion.devices.out_of_memory import explain_out_of_memory
from textual_inversion.devices.precision import describe_compute
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.events import Event, Loading, Warned
from textual_inversion.models.base import BaseModel
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.models.memory import check_attention
from textual_inversion.models.opening import load_options, open_model
from textual_inversion.prompts.placeholders import unknown_names
from textual_inversion.prompts.template import read_template
from textual_inversion.runs.folder import checkpoint_steps
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.inactive import inactive_choices
from textual_inversion.storage.paths import find_folder
from textual_inversion.training.checkpoint import Checkpoint
from textual_inversion.training.chores.evaluation import BestCheckpoint, Convergence, Evaluator
from textual_inversion.training.chores.nan_guard import NaNGuard
from textual_inversion.training.chores.previews import Previews, preview_params
from textual_inversion.training.chores.saving import Checkpoints, FinalSave, Snapshots
from textual_inversion.training.chores.vector_stats import VectorStats
from textual_inversion.training.chores.warnings import LearnerWarnings
from textual_inversion.training.compilation import is_worth_compiling
from textual_inversion.training.context import RunContext
from textual_inversion.training.hooks import Hooks
from textual_inversion.training.learner import Learner
from textual_inversion.training.optimization.learning_rate import read_schedule
from textual_inversion.training.trainer import Chore

# DVAR's threshold for the share of the variance that counts as none.
_THRESHOLD = 0.15


@dataclass(frozen=True)
class Components:
    """What a run is made of before it has a folder."""

    settings: TrainSettings
    library: Library
    embedding: Embedding
    model: BaseModel
    lines: tuple[str, ...]
    width: int
    height: int

    @property
    def pictures_per_step(self) -> int:
        """Count the pictures of one update, those of all processes."""
        return self.settings.batch_size * self.settings.gradient_accumulation_steps

    @property
    def compute(self) -> str:
        """Describe the precision and the device."""
        return describe_compute(self.model.dtype, self.model.device)


def open_components(
    settings: TrainSettings,
    control: Control,
    embedding: Embedding | None = None,
    known: ModelInfo | None = None,
    library: Library | None = None,
) -> Generator[Event, None, Components]:
    """Check everything cheap first, then open the model.

    `embedding` goes before the library's; `known` is the settings' model where it was resolved;
    `library` is the folder embeddings/ where there is no other.
    """
    library = library or Library(find_folder("embeddings"))
    embedding = embedding or library.load(settings.embedding)
    lines = read_template(settings.template)
    yield from map(Warned, _name_notes(settings, library, embedding))
    schedule = read_schedule(settings)
    if schedule.end is not None and schedule.end < settings.max_steps:
        yield Warned(
            f"The learning rate schedule ends at step {schedule.end}; its last rate "
            f"{schedule.segments[-1].rate:g} is kept until step {settings.max_steps}."
        )
    yield from map(Warned, inactive_choices(settings))
    check_attention(settings.attention)
    yield Loading("base model")
    info = known or (yield from fetch_for_job(settings.model, control))
    model = open_model(info, load_options(settings))
    check_device(model.device, model.dtype)
    in_words = describe_compute(model.dtype, model.device).split()[0]
    yield from map(Warned, launcher_notes(settings.precision, in_words))
    if model.device.type == "cpu":
        yield from map(Warned, _cpu_notes(settings))
    model.check_widths(embedding.widths, embedding.name)
    return Components(
        settings,
        library,
        embedding,
        model,
        lines,
        settings.width or model.info.size,
        settings.height or model.info.size,
    )


def resume(parts: Components, checkpoint: Checkpoint) -> Generator[Event, None, Components]:
    """Warn of what going on from a checkpoint changes; an optimizer chosen by "auto" stays."""
    later = [n for n in checkpoint_steps(checkpoint.run_folder) if n > checkpoint.updates]
    if later:
        yield Warned(
            f"The run goes on from step {checkpoint.updates} of {checkpoint.run_folder}; its later "
            f"checkpoints, up to step {max(later)}, are removed when the next one is written."
        )
    settings, then = parts.settings, str(checkpoint.state["optimizer_name"])
    if settings.optimizer != "auto" or settings.optimizer_name == then:
        return parts
    yield Warned(
        f"The optimizer stays {then}, with which this run began; for the learning rate "
        f'"{settings.learning_rate}" a new run would take {settings.optimizer_name}.'
    )
    return replace(parts, settings=settings.model_copy(update={"optimizer": then}))


def _name_notes(settings: TrainSettings, library: Library, embedding: Embedding) -> list[str]:
    """Describe where the vectors go if not into their own file, and what previews cannot show."""
    entry, path = library.find(embedding.name), library.path_for(embedding)
    notes: list[str] = []
    if entry and entry.path != path:
        notes.append(
            f"{entry.path} stays as it is: the trained embedding is saved as {path}, which is "
            "used from then on."
        )
    prompts = f"{settings.preview_prompt}\n{settings.preview_negative_prompt}"
    notes += [
        f"The previews read <{name}> as plain text: only <{embedding.name}> is loaded while it is "
        "trained."
        for name in unknown_names(prompts, [embedding.word])
    ]
    return notes


def _cpu_notes(settings: TrainSettings) -> list[str]:
    """Name the choices that have no good effect on a CPU."""
    notes: list[str] = []
    if settings.precision == "fp16":
        notes.append("fp16 is made for GPUs; a CPU computes in it, but more slowly than in fp32.")
    if settings.vae_offload and settings.preset == "none":
        notes.append("vae_offload has no effect on a CPU, whose memory is the main memory.")
    if settings.compile == "auto":
        notes.append("compile has no effect here; it is automatic on a GPU only.")
    return notes


def read_data(parts: Components, control: Control) -> Generator[Event, None, Batches | None]:
    """Read the pictures and let the autoencoder see each once; None when asked to stop."""
    with explain_out_of_memory(parts.settings, parts.model.device):
        return (
            yield from read_batches(
                parts.settings,
                parts.model,
                control,
                size=(parts.width, parts.height),
                name=f"<{parts.embedding.name}>",
                lines=parts.lines,
            )
        )


def make_learner(
    parts: Components, start: int, checkpoint: Checkpoint | None, hooks: Hooks | None = None
) -> Learner:
    """Make the learner, as the checkpoint left it if there is one."""
    steps_left = parts.settings.max_steps - start
    compiles = is_worth_compiling(parts.settings.compile, steps_left, parts.model.device)
    learner = Learner(
        parts.model,
        parts.embedding.word,
        parts.embedding.vectors,
        settings=parts.settings,
        updates=start,
        hooks=hooks,
        compile_backend="inductor" if compiles else None,
    )
    if checkpoint:
        learner.load_state(checkpoint.state)
    return learner


def make_evaluator(
    parts: Components, context: RunContext, batches: Batches, control: Control
) -> Evaluator:
    """Make the evaluator of the fixed batch."""
    settings = parts.settings
    rule = Convergence(settings.convergence_window, _THRESHOLD, settings.stop_when_converged)
    return Evaluator(
        context,
        settings.evaluate_every,
        batches.evaluation(),
        settings.pictures_at_once or settings.batch_size,
        rule,
        control,
    )


def make_chores(
    parts: Components, evaluator: Evaluator, final: FinalSave, control: Control
) -> list[Chore]:
    """List the chores in order: NaN is caught first; the vectors are saved before pictures."""
    settings, context = parts.settings, evaluator.context
    return [
        LearnerWarnings(evaluator.context.learner),
        NaNGuard(context, settings.on_nan),
        evaluator,
        VectorStats(context, settings.evaluate_every),
        Checkpoints(context, settings.checkpoint_every, evaluator),
        Snapshots(context, settings.save_embedding_every),
        BestCheckpoint(evaluator, settings.save_embedding_every),
        final,
        Previews(
            context,
            settings.save_image_every,
            preview_params(
                settings,
                name=f"<{parts.embedding.name}>",
                first_line=parts.lines[0],
                size=(parts.width, parts.height),
            ),
            settings.save_image_with_embedding,
            control,
            settings.preview_beside,
        ),
    ]
