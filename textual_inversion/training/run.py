"""One training from its first event to its last: resume, run folder, the loop, and the saving."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from textual_inversion.devices.determinism import DeterministicKernels
from textual_inversion.devices.launcher import with_launcher_precision
from textual_inversion.devices.out_of_memory import explain_out_of_memory
from textual_inversion.embeddings.library import Library
from textual_inversion.errors import EmbeddingError, TextualInversionError, TrainingError
from textual_inversion.events import Event, Failed, Finished, Started, Warned
from textual_inversion.models.base import BaseModel
from textual_inversion.models.memory import memory_savings
from textual_inversion.runs.folder import drop_checkpoints_after, new_run_folder, working_in
from textual_inversion.runs.record import RunRecord
from textual_inversion.runs.requests import Control
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import find_folder
from textual_inversion.training.build import (
    Components,
    make_chores,
    make_evaluator,
    open_components,
    read_data,
    resume,
)
from textual_inversion.training.checkpoint import Checkpoint, find_checkpoint, read_resumed
from textual_inversion.training.chores.evaluation import Evaluator
from textual_inversion.training.chores.nan_guard import NaNGuard
from textual_inversion.training.chores.saving import Checkpoints, FinalSave, with_requests
from textual_inversion.training.context import RunContext
from textual_inversion.training.distributed import ProcessGroup, join_process_group
from textual_inversion.training.recovery import find_pending
from textual_inversion.training.session import Session, Sharing, make_session


def train(
    settings: TrainSettings,
    control: Control,
    library: Library | None = None,
    sharing: Sharing | None = None,
) -> Generator[Event, None, None]:
    """Run a whole training; whatever ends it, what was learned so far is saved.

    `library` goes before the folder embeddings/; with `sharing` others compute the gradients.
    """
    group, record, kernels = join_process_group(), RunRecord(), DeterministicKernels()
    with closing(_run(settings, control, group, record, library, sharing)) as events:
        while True:
            with kernels:
                event = next(events, None)
            if group.is_first:  # several processes would say everything several times
                for each in (*kernels.warnings(), *([event] if event else [])):
                    yield from record.keep(each)
            if event is None:
                return


def _run(
    settings: TrainSettings,
    control: Control,
    group: ProcessGroup,
    record: RunRecord,
    library: Library | None,
    sharing: Sharing | None,
) -> Generator[Event, None, None]:
    settings, overruled = with_launcher_precision(settings)
    yield from map(Warned, overruled)
    parts = yield from open_components(group.with_global_batch(settings), control, library=library)
    checkpoint = _checkpoint_of(parts)
    if checkpoint:
        parts = yield from resume(parts, checkpoint)
    start = checkpoint.updates if checkpoint else parts.embedding.step
    pending = find_pending(checkpoint, settings) if checkpoint else None
    if pending is None:
        _check_steps_left(parts, start)
    batches = yield from read_data(parts, control)
    if batches is None:
        yield Finished(start, "stopped")
        return
    session = make_session(
        parts,
        batches,
        control,
        group,
        start=start,
        checkpoint=checkpoint,
        pending=pending,
        sharing=sharing,
    )
    if not group.is_first:
        yield from _step_along(session)
        return
    folder = checkpoint.run_folder if checkpoint else _new_folder(parts)
    with working_in(folder):
        write_whole(folder / "settings.json", settings.to_json().encode())
        control.watch(folder)
        evaluator = _make_evaluator(session, folder, checkpoint)
        per_epoch = len(batches.items) / parts.pictures_per_step
        with record.kept_in(folder, settings, start=start, steps_per_epoch=per_epoch):
            yield from _work(session, evaluator)


def _make_evaluator(session: Session, folder: Path, checkpoint: Checkpoint | None) -> Evaluator:
    parts = session.parts
    origin = checkpoint.state["origin"] if checkpoint else parts.embedding.vectors
    embedding = parts.embedding
    words = embedding.initialization_text
    context = RunContext(session.learner, embedding.name, folder, tuple(origin), words)
    evaluator = make_evaluator(parts, context, session.batches, session.control)
    if checkpoint:
        evaluator.load_state(checkpoint.state["evaluation"])
    return evaluator


def _check_steps_left(parts: Components, start: int) -> None:
    name, total = parts.embedding.name, parts.settings.max_steps
    if start >= total:
        raise TrainingError(
            f'The embedding "{name}" already has {start} steps and max steps is {total}; set max '
            "steps higher to train on."
        )


def _step_along(session: Session) -> Iterator[Event]:
    """Run one of the other processes, which only learn; NaN vectors are put back in all."""
    parts, learner = session.parts, session.learner
    context = RunContext(learner, parts.embedding.name, Path(), parts.embedding.vectors)
    with memory_saved(parts.settings, parts.model):
        yield from session.events([NaNGuard(context, parts.settings.on_nan)])


def _work(session: Session, evaluator: Evaluator) -> Iterator[Event]:
    """Run the loop; save on any way out."""
    parts, control, context = session.parts, session.control, evaluator.context
    learner, start, total = context.learner, context.learner.updates, parts.settings.max_steps
    final = FinalSave(context, parts.library, start)
    yield Started(context.name, start, total, str(context.folder), parts.compute)
    try:
        with memory_saved(parts.settings, parts.model):
            chores = with_requests(make_chores(parts, evaluator, final, control), control)
            for event in session.events(chores):
                if isinstance(event, Finished):
                    event = Finished(event.step, event.reason, _result(parts))
                yield event
    except TextualInversionError as error:
        # Those of steps that were put back must not be gone on from.
        drop_checkpoints_after(context.folder, learner.updates)
        yield Failed(learner.updates, str(error))
        raise
    finally:
        if learner.updates > final.saved_step and learner.is_finite:
            _save_on_the_way_out(Checkpoints(context, 0, evaluator), final, learner.updates)


def _checkpoint_of(parts: Components) -> Checkpoint | None:
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
    return read_resumed(resume, parts.embedding.name)


def _new_folder(parts: Components) -> Path:
    return new_run_folder(find_folder(parts.settings.log_dir), parts.embedding.name)


@contextmanager
def memory_saved(settings: TrainSettings, model: BaseModel) -> Iterator[None]:
    """Save memory as the settings say, and explain running out of it."""
    saving = memory_savings(
        model,
        checkpointing=settings.gradient_checkpointing,
        attention=settings.attention,
        vae_offloaded=settings.vae_offload and model.device.type != "cpu",
    )
    with explain_out_of_memory(settings, model.device), saving:
        yield


def _save_on_the_way_out(checkpoints: Checkpoints, final: FinalSave, step: int) -> None:
    """Save when the loop was left by an exception or by closing the generator."""
    for _ in (*checkpoints.run(step), *final.run(step)):
        pass


def _result(parts: Components) -> str:
    entry = parts.library.find(parts.embedding.name)
    return str(entry.path) if entry else ""
