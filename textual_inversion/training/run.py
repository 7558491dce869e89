"""One training from its first event to its last: resume, run folder, the loop, and the saving."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from textual_inversion.devices.determinism import deterministic
from textual_inversion.devices.launcher import with_launchers_precision
from textual_inversion.devices.out_of_memory import explain_out_of_memory
from textual_inversion.errors import EmbeddingError, TextualInversionError, TrainingError
from textual_inversion.events import Event, Failed, Finished, Saved, Started, Warned
from textual_inversion.models.memory import saving_memory
from textual_inversion.runs.folder import RunLog, drop_checkpoints_after, new_run_folder, working_in
from textual_inversion.runs.requests import Control
from textual_inversion.runs.trackers import Tracker
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import find_folder
from textual_inversion.training.build import (
    Components,
    going_on,
    make_chores,
    make_evaluator,
    make_learner,
    open_components,
    read_data,
)
from textual_inversion.training.checkpoint import Checkpoint, find_checkpoint, read_resumed
from textual_inversion.training.chores.evaluation import Evaluator
from textual_inversion.training.chores.nan_guard import NaNGuard
from textual_inversion.training.chores.saving import Checkpoints, FinalSave, with_requests
from textual_inversion.training.context import RunContext
from textual_inversion.training.distributed import ProcessGroup, join_process_group
from textual_inversion.training.recovery import find_pending
from textual_inversion.training.session import Session

_T = TypeVar("_T")


def train(settings: TrainSettings, control: Control) -> Iterator[Event]:
    """Run a whole training; whatever ends it, what was learned so far is saved."""
    group = join_process_group()
    events = deterministic(_train(settings, control, group))
    if group.is_first:
        yield from events
    else:
        # Several processes would say everything several times.
        deque(events, maxlen=0)


def _train(
    settings: TrainSettings, control: Control, group: ProcessGroup
) -> Generator[Event, None, None]:
    warned: list[Warned] = []
    settings = yield from _noting(_as_launched(settings), warned)
    parts = yield from _noting(open_components(group.with_global_batch(settings)), warned)
    checkpoint = _checkpoint_of(parts)
    if checkpoint:
        parts = yield from _noting(going_on(parts, checkpoint), warned)
    start = checkpoint.updates if checkpoint else parts.embedding.step
    pending = find_pending(checkpoint, settings) if checkpoint else None
    if pending is None:
        _check_steps_left(parts, start)
    batches = yield from _noting(read_data(parts, control), warned)
    if batches is None:
        yield Finished(start, "stopped")
        return
    learner = make_learner(parts, start, checkpoint)
    session = Session(parts, learner, batches, control, group, pending)
    if not group.is_first:
        yield from _step_along(session)
        return
    folder = checkpoint.run_folder if checkpoint else _new_folder(parts)
    seen = parts.settings.batch_size * settings.gradient_accumulation_steps
    per_epoch = len(batches.items) / seen
    with working_in(folder), RunLog(folder, start=start, steps_per_epoch=per_epoch) as log:
        write_whole(folder / "settings.json", settings.to_json().encode())
        control.watch(folder)
        context = _context(session, folder, checkpoint)
        evaluator = make_evaluator(parts, context, batches, control)
        if checkpoint:
            evaluator.load_state(checkpoint.state["evaluation"])
        tracker = Tracker(settings, folder)
        yield from log.through(tracker.through(_work(session, evaluator)), said_before=warned)


def _context(session: Session, folder: Path, checkpoint: Checkpoint | None) -> RunContext:
    embedding = session.parts.embedding
    origin = checkpoint.state["origin"] if checkpoint else embedding.vectors
    words = embedding.initialization_text
    return RunContext(session.learner, embedding.name, folder, tuple(origin), words)


def _as_launched(settings: TrainSettings) -> Generator[Event, None, TrainSettings]:
    settings, overruled = with_launchers_precision(settings)
    yield from map(Warned, overruled)
    return settings


def _check_steps_left(parts: Components, start: int) -> None:
    name, total = parts.embedding.name, parts.settings.max_steps
    if start >= total:
        raise TrainingError(
            f'The embedding "{name}" already has {start} steps and max steps is {total}; set max '
            "steps higher to train on."
        )


def _noting(events: Generator[Event, None, _T], warned: list[Warned]) -> Generator[Event, None, _T]:
    """Note the warnings that come before there is a run folder to keep them in."""
    while True:
        try:
            event = next(events)
        except StopIteration as end:
            return end.value
        if isinstance(event, Warned):
            warned.append(event)
        yield event


def _step_along(session: Session) -> Iterator[Event]:
    """Be one of the other processes, which only learn; broken vectors are put back in all."""
    parts, learner = session.parts, session.learner
    context = RunContext(learner, parts.embedding.name, Path(), parts.embedding.vectors)
    with memory_saved(parts):
        yield from session.run([NaNGuard(context, parts.settings.on_nan)])


def _work(session: Session, evaluator: Evaluator) -> Iterator[Event]:
    """Run the loop; save on any way out."""
    parts, control, context = session.parts, session.control, evaluator.context
    learner, start, total = context.learner, context.learner.updates, parts.settings.max_steps
    final = FinalSave(context, parts.library)
    yield Started(context.name, start, total, str(context.folder), parts.compute)
    saved_at = start
    try:
        with memory_saved(parts):
            chores = with_requests(make_chores(parts, evaluator, final, control), control)
            for event in session.run(chores):
                if isinstance(event, Saved) and event.kind == "embedding":
                    saved_at = event.step
                if isinstance(event, Finished):
                    event = Finished(event.step, event.reason, _result(parts))
                yield event
    except TextualInversionError as error:
        # Those of steps that were put back must not be gone on from.
        drop_checkpoints_after(context.folder, learner.updates)
        yield Failed(learner.updates, str(error))
        raise
    finally:
        if learner.updates > saved_at and learner.is_finite:
            _save_after_all(Checkpoints(context, 0, evaluator), final, learner.updates)


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
def memory_saved(parts: Components) -> Iterator[None]:
    """Save the memory that the settings ask to save, and explain it when there is too little."""
    settings, model = parts.settings, parts.model
    saving = saving_memory(
        model,
        checkpointing=settings.gradient_checkpointing,
        attention=settings.attention,
        vae_rests=settings.vae_offload and model.device.type != "cpu",
    )
    with explain_out_of_memory(settings, model.device), saving:
        yield


def _save_after_all(checkpoints: Checkpoints, final: FinalSave, step: int) -> None:
    """Save when the loop was left by an exception or by closing the generator."""
    for _ in (*checkpoints.run(step), *final.run(step)):
        pass


def _result(parts: Components) -> str:
    entry = parts.library.find(parts.embedding.name)
    return str(entry.path) if entry else ""
