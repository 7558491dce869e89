"""Assemble a run from its settings: model, data, learner, chores, run folder; yield its events."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.checkpoint import (
    Checkpoint,
    find_checkpoint,
    newest_checkpoint,
    read_checkpoint,
)
from textual_inversion.chores import Checkpoints, FinalSave, Previews, Snapshots
from textual_inversion.control import Control
from textual_inversion.data.batches import Batches
from textual_inversion.data.folder import Item, read_folder
from textual_inversion.data.latents import LatentCache
from textual_inversion.errors import EmbeddingError, TextualInversionError, TrainingError
from textual_inversion.evaluation import BestSaves, Convergence, Evaluator
from textual_inversion.events import Event, Failed, Finished, Loading, Saved, Started, Warned
from textual_inversion.files.embedding import Embedding
from textual_inversion.files.storage import write_whole
from textual_inversion.guard import Guard
from textual_inversion.idle import idle_choices
from textual_inversion.learner import Learner
from textual_inversion.library import Library
from textual_inversion.models.base import BaseModel
from textual_inversion.models.load import open_model
from textual_inversion.models.memory import saving_memory
from textual_inversion.prompts import fill
from textual_inversion.randomness import draw
from textual_inversion.readout import Readout
from textual_inversion.runfolder import RunLog, new_run_folder
from textual_inversion.sampling import Shot
from textual_inversion.schedules import Schedule, parse_schedule
from textual_inversion.settings import TrainSettings, find_folder
from textual_inversion.subject import Subject
from textual_inversion.templates import read_template
from textual_inversion.trainer import Chore, train as loop

_ENOUGH_TO_HOLD_OUT = 10
# DVAR's threshold for the share of the variance that counts as none.
_THRESHOLD = 0.15


@dataclass(frozen=True)
class _Parts:
    """What a run is made of before it has a folder."""

    settings: TrainSettings
    library: Library
    embedding: Embedding
    model: BaseModel
    lines: tuple[str, ...]
    schedule: Schedule
    width: int
    height: int


def train(settings: TrainSettings, control: Control) -> Iterator[Event]:
    """Run a whole training; whatever ends it, what was learned so far is saved."""
    parts = yield from _open(settings)
    checkpoint = _find_checkpoint(parts)
    start = checkpoint.updates if checkpoint else parts.embedding.step
    if start >= settings.max_steps:
        raise TrainingError(
            f'The embedding "{parts.embedding.name}" already has {start} steps and max steps is '
            f"{settings.max_steps}; set max steps higher to train on."
        )
    batches = yield from _read_data(parts, control)
    if batches is None:
        yield Finished(start, "stopped")
        return
    learner = _make_learner(parts, start, checkpoint)
    folder = checkpoint.run_folder if checkpoint else _new_folder(parts)
    write_whole(folder / "settings.json", settings.to_json().encode())
    per_epoch = len(batches.items) / (settings.batch_size * settings.gradient_accumulation_steps)
    with RunLog(folder, start=start, steps_per_epoch=per_epoch) as log:
        subject = Subject(learner, parts.embedding.name, folder)
        evaluator = _make_evaluator(parts, subject, batches, control)
        if checkpoint:
            evaluator.load_state(checkpoint.state["evaluation"])
        yield from log.through(_work(parts, evaluator, batches, control))


def _open(settings: TrainSettings) -> Generator[Event, None, _Parts]:
    """Check everything cheap first, then open the model."""
    library = Library(find_folder("embeddings"))
    embedding = library.load(settings.embedding)
    lines = read_template(settings.template)
    schedule = parse_schedule(
        settings.learning_rate, absolute=settings.learning_rate_steps == "absolute"
    )
    if schedule.end is not None and schedule.end < settings.max_steps:
        yield Warned(
            f"The learning rate schedule ends at step {schedule.end}; its last rate "
            f"{schedule.segments[-1].rate:g} is kept until step {settings.max_steps}."
        )
    yield from map(Warned, idle_choices(settings))
    yield Loading("base model")
    model = open_model(settings.model)
    model.check_widths(embedding.widths, embedding.name)
    return _Parts(
        settings,
        library,
        embedding,
        model,
        lines,
        schedule,
        settings.width or model.info.size,
        settings.height or model.info.size,
    )


def _find_checkpoint(parts: _Parts) -> Checkpoint | None:
    resume = parts.settings.resume
    if resume == "never":
        return None
    if resume == "latest":
        entry = parts.library.find(parts.embedding.name)
        if entry is None:
            raise EmbeddingError(
                f'The embedding "{parts.embedding.name}" is gone; create it again.'
            )
        return find_checkpoint(find_folder(parts.settings.log_dir), parts.embedding, entry.path)
    path = newest_checkpoint(Path(resume)) if Path(resume).is_dir() else Path(resume)
    if path is None or not path.is_file():
        raise TrainingError(
            f'There is no checkpoint in "{resume}"; give a run folder that has one, or use '
            "--resume latest or never."
        )
    return read_checkpoint(path)


def _read_data(parts: _Parts, control: Control) -> Generator[Event, None, Batches | None]:
    """Read the pictures and let the autoencoder see each once; None when asked to stop."""
    settings = parts.settings
    yield Loading(f"pictures of {settings.dataset_dir}")
    items: list[Item] = []
    for found in read_folder(_dataset(settings.dataset_dir), parts.width, parts.height):
        if isinstance(found, Warned):
            yield found
        else:
            items.append(found)
    held_out = draw(settings.seed, "held out").randrange(len(items))
    if not settings.hold_out_picture or len(items) < _ENOUGH_TO_HOLD_OUT:
        held_out = None
    latents = LatentCache(
        parts.model, settings.latent_sampling, seed=settings.seed, flips=settings.flip > 0
    )
    for done in latents.fill([item.picture for item in items]):
        yield Loading(f"latents ({done} of {len(items)})")
        if control.stopping:
            return None
    return Batches(
        settings,
        name=f"<{parts.embedding.name}>",
        lines=parts.lines,
        captions=tuple(item.caption for item in items),
        latents=latents,
        num_timesteps=parts.model.num_timesteps,
        held_out=held_out,
    )


def _dataset(name: str) -> Path:
    """Find a data set here, or among the samples that ship with the project."""
    return Path(name) if Path(name).exists() else find_folder(name)


def _make_learner(parts: _Parts, start: int, checkpoint: Checkpoint | None) -> Learner:
    learner = Learner(
        parts.model,
        parts.embedding.name,
        parts.embedding.vectors,
        settings=parts.settings,
        schedule=parts.schedule,
        updates=start,
    )
    if checkpoint:
        learner.load_state(checkpoint.state)
    return learner


def _new_folder(parts: _Parts) -> Path:
    return new_run_folder(find_folder(parts.settings.log_dir), parts.embedding.name)


def _make_evaluator(
    parts: _Parts, subject: Subject, batches: Batches, control: Control
) -> Evaluator:
    settings = parts.settings
    rule = Convergence(settings.convergence_window, _THRESHOLD, settings.stop_when_converged)
    return Evaluator(
        subject,
        settings.evaluate_every,
        batches.evaluation(),
        settings.batch_size,
        rule,
        control,
    )


def _work(
    parts: _Parts, evaluator: Evaluator, batches: Batches, control: Control
) -> Iterator[Event]:
    """Run the loop; save on any way out."""
    subject, total = evaluator.subject, parts.settings.max_steps
    learner, start = subject.learner, subject.learner.updates
    final = FinalSave(subject, parts.library)
    yield Started(subject.name, start, total, str(subject.folder))
    saved_at = start
    try:
        with _saving_memory(parts):
            for event in loop(
                start=start,
                total=total,
                learner=learner,
                batches=batches.start_at(start),
                chores=_chores(parts, evaluator, final, control),
                control=control,
            ):
                if isinstance(event, Saved) and event.kind == "embedding":
                    saved_at = event.step
                if isinstance(event, Finished):
                    event = Finished(event.step, event.reason, _result(parts))
                yield event
    except TextualInversionError as error:
        yield Failed(learner.updates, str(error))
        raise
    finally:
        if learner.updates > saved_at and learner.is_finite:
            _save_after_all(Checkpoints(subject, 0, evaluator), final, learner.updates)


def _saving_memory(parts: _Parts) -> AbstractContextManager[None]:
    return saving_memory(
        parts.model,
        checkpointing=parts.settings.gradient_checkpointing,
        sliced=parts.settings.sliced_attention,
    )


def _save_after_all(checkpoints: Checkpoints, final: FinalSave, step: int) -> None:
    """Save when the loop was left by an exception or by closing the generator."""
    for _ in (*checkpoints.run(step), *final.run(step)):
        pass


def _chores(parts: _Parts, evaluator: Evaluator, final: FinalSave, control: Control) -> list[Chore]:
    """Order matters: broken vectors are caught first; what was learned is safe before pictures."""
    settings, subject = parts.settings, evaluator.subject
    return [
        Guard(subject, settings.on_nan),
        evaluator,
        Readout(subject, settings.evaluate_every, parts.embedding.vectors[0]),
        Checkpoints(subject, settings.checkpoint_every, evaluator),
        Snapshots(subject, settings.save_embedding_every),
        BestSaves(evaluator, settings.save_embedding_every),
        final,
        Previews(
            subject,
            settings.save_image_every,
            _preview_shots(parts),
            settings.save_image_with_embedding,
            control,
        ),
    ]


def _preview_shots(parts: _Parts) -> tuple[Shot, ...]:
    settings = parts.settings
    name = f"<{parts.embedding.name}>"
    lines = [line.strip() for line in settings.preview_prompt.splitlines() if line.strip()]
    seeds = range(settings.preview_seed, settings.preview_seed + settings.preview_images)
    return tuple(
        Shot(
            prompt=fill(line, name=name, words=""),
            negative_prompt=fill(settings.preview_negative_prompt, name=name, words=""),
            sampler="DPM++ 2M",
            steps=settings.preview_steps,
            cfg_scale=settings.preview_cfg_scale,
            width=parts.width,
            height=parts.height,
            seeds=tuple(seed % 2**32 for seed in seeds),
        )
        for line in lines or parts.lines[:1]
    )


def _result(parts: _Parts) -> str:
    entry = parts.library.find(parts.embedding.name)
    return str(entry.path) if entry else ""
