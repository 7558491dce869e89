"""Assemble a run from its settings: model, data, learner, chores, run folder; yield its events."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.checkpoint import (
    Checkpoint,
    find_checkpoint,
    newest_checkpoint,
    read_checkpoint,
)
from textual_inversion.chores import Checkpoints, FinalSave, Previews, Snapshots, Subject
from textual_inversion.control import Control
from textual_inversion.data.batches import Batches
from textual_inversion.data.folder import Item, read_folder
from textual_inversion.data.latents import LatentCache
from textual_inversion.errors import EmbeddingError, TextualInversionError, TrainingError
from textual_inversion.events import Event, Failed, Finished, Loading, Saved, Started, Warned
from textual_inversion.files.embedding import Embedding
from textual_inversion.files.storage import write_whole
from textual_inversion.learner import Learner
from textual_inversion.library import Library
from textual_inversion.models.base import BaseModel
from textual_inversion.models.load import open_model
from textual_inversion.prompts import fill
from textual_inversion.runfolder import RunLog, new_run_folder
from textual_inversion.sampling import Shot
from textual_inversion.schedules import Schedule, parse_schedule
from textual_inversion.settings import TrainSettings, find_folder
from textual_inversion.templates import read_template
from textual_inversion.trainer import Chore, train as loop


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
    per_epoch = len(batches.captions) / (settings.batch_size * settings.gradient_accumulation_steps)
    with RunLog(folder, start=start, steps_per_epoch=per_epoch) as log:
        yield from log.through(_work(parts, learner, batches, folder, control))


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
    )


def _dataset(name: str) -> Path:
    """Find a data set here, or among the samples that ship with the project."""
    return Path(name) if Path(name).exists() else find_folder(name)


def _make_learner(parts: _Parts, start: int, checkpoint: Checkpoint | None) -> Learner:
    learner = Learner(
        parts.model,
        parts.embedding.name,
        parts.embedding.vectors,
        schedule=parts.schedule,
        updates=start,
    )
    if checkpoint:
        learner.load_state(checkpoint.state)
    return learner


def _new_folder(parts: _Parts) -> Path:
    return new_run_folder(find_folder(parts.settings.log_dir), parts.embedding.name)


def _work(
    parts: _Parts, learner: Learner, batches: Batches, folder: Path, control: Control
) -> Iterator[Event]:
    """Run the loop; save on any way out."""
    start, total = learner.updates, parts.settings.max_steps
    subject = Subject(learner, parts.embedding.name, folder)
    final = FinalSave(subject, parts.library)
    yield Started(subject.name, start, total, str(folder))
    ended = False
    try:
        for event in loop(
            start=start,
            total=total,
            learner=learner,
            batches=batches.start_at(start),
            chores=_chores(parts, subject, final, control),
            control=control,
        ):
            ended = ended or (isinstance(event, Saved) and event.kind == "embedding")
            if isinstance(event, Finished):
                event = Finished(event.step, event.reason, _result(parts))
            yield event
    except TextualInversionError as error:
        yield Failed(learner.updates, str(error))
        raise
    finally:
        if not ended and learner.updates > start and learner.is_finite:
            _save_after_all(subject, final)


def _save_after_all(subject: Subject, final: FinalSave) -> None:
    """Save when the loop was left by an exception or by closing the generator."""
    for chore in (Checkpoints(subject, every=0), final):
        for _ in chore.run(subject.learner.updates):
            pass


def _chores(parts: _Parts, subject: Subject, final: FinalSave, control: Control) -> list[Chore]:
    """Order matters at the end: what was learned is safe before pictures are drawn."""
    settings = parts.settings
    return [
        Checkpoints(subject, settings.checkpoint_every),
        Snapshots(subject, settings.save_embedding_every),
        final,
        Previews(
            subject,
            settings.save_image_every,
            _preview_shot(parts),
            settings.save_image_with_embedding,
            control,
        ),
    ]


def _preview_shot(parts: _Parts) -> Shot:
    settings = parts.settings
    name = f"<{parts.embedding.name}>"
    prompt = settings.preview_prompt or parts.lines[0]
    return Shot(
        prompt=fill(prompt, name=name, words=""),
        negative_prompt=fill(settings.preview_negative_prompt, name=name, words=""),
        sampler="DPM++ 2M",
        steps=settings.preview_steps,
        cfg_scale=settings.preview_cfg_scale,
        width=parts.width,
        height=parts.height,
        seeds=(settings.preview_seed,),
    )


def _result(parts: _Parts) -> str:
    entry = parts.library.find(parts.embedding.name)
    return str(entry.path) if entry else ""
