"""One training from its first event to its last: resume, run folder, the loop, and the saving."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from textual_inversion.assembly import (
    Parts,
    going_on,
    make_chores,
    make_evaluator,
    make_learner,
    open_parts,
    read_data,
)
from textual_inversion.checkpoint import (
    Checkpoint,
    find_checkpoint,
    read_resumed,
)
from textual_inversion.chores import Checkpoints, FinalSave, with_wishes
from textual_inversion.control import Control
from textual_inversion.course import Course
from textual_inversion.crew import Crew, find_crew
from textual_inversion.cutoff import find_owed
from textual_inversion.determinism import deterministic
from textual_inversion.errors import EmbeddingError, TextualInversionError, TrainingError
from textual_inversion.evaluation import Evaluator
from textual_inversion.events import Event, Failed, Finished, Saved, Started, Warned
from textual_inversion.files.storage import write_whole
from textual_inversion.guard import Guard
from textual_inversion.launcher import with_launchers_precision
from textual_inversion.models.memory import saving_memory
from textual_inversion.runfolder import (
    RunLog,
    drop_checkpoints_after,
    new_run_folder,
    working_in,
)
from textual_inversion.settings import TrainSettings, find_folder
from textual_inversion.shortage import shortage_explained
from textual_inversion.subject import Subject
from textual_inversion.trackers import Tracker

_T = TypeVar("_T")


def train(settings: TrainSettings, control: Control) -> Iterator[Event]:
    """Run a whole training; whatever ends it, what was learned so far is saved."""
    crew = find_crew()
    events = deterministic(_train(settings, control, crew))
    if crew.is_first:
        yield from events
    else:
        # Several processes would say everything several times.
        deque(events, maxlen=0)


def _train(settings: TrainSettings, control: Control, crew: Crew) -> Generator[Event, None, None]:
    warned: list[Warned] = []
    settings = yield from _noting(_as_launched(settings), warned)
    parts = yield from _noting(open_parts(crew.widened(settings)), warned)
    checkpoint = _checkpoint_of(parts)
    if checkpoint:
        parts = yield from _noting(going_on(parts, checkpoint), warned)
    start = checkpoint.updates if checkpoint else parts.embedding.step
    owed = find_owed(checkpoint, settings) if checkpoint else None
    if owed is None:
        _check_steps_left(parts, start)
    batches = yield from _noting(read_data(parts, control), warned)
    if batches is None:
        yield Finished(start, "stopped")
        return
    learner = make_learner(parts, start, checkpoint)
    course = Course(parts, learner, batches, control, crew, owed)
    if not crew.is_first:
        yield from _step_along(course)
        return
    folder = checkpoint.run_folder if checkpoint else _new_folder(parts)
    seen = parts.settings.batch_size * settings.gradient_accumulation_steps
    per_epoch = len(batches.items) / seen
    with working_in(folder), RunLog(folder, start=start, steps_per_epoch=per_epoch) as log:
        write_whole(folder / "settings.json", settings.to_json().encode())
        control.watch(folder)
        origin = checkpoint.state["origin"] if checkpoint else parts.embedding.vectors
        subject = Subject(learner, parts.embedding.name, folder, tuple(origin))
        evaluator = make_evaluator(parts, subject, batches, control)
        if checkpoint:
            evaluator.load_state(checkpoint.state["evaluation"])
        tracker = Tracker(settings, folder)
        yield from log.through(tracker.through(_work(course, evaluator)), said_before=warned)


def _as_launched(settings: TrainSettings) -> Generator[Event, None, TrainSettings]:
    settings, overruled = with_launchers_precision(settings)
    yield from map(Warned, overruled)
    return settings


def _check_steps_left(parts: Parts, start: int) -> None:
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


def _step_along(course: Course) -> Iterator[Event]:
    """Be one of the other processes, which only learn; broken vectors are put back in all."""
    parts, learner = course.parts, course.learner
    subject = Subject(learner, parts.embedding.name, Path(), parts.embedding.vectors)
    with memory_saved(parts):
        yield from course.run([Guard(subject, parts.settings.on_nan)])


def _work(course: Course, evaluator: Evaluator) -> Iterator[Event]:
    """Run the loop; save on any way out."""
    parts, control, subject = course.parts, course.control, evaluator.subject
    learner, start, total = subject.learner, subject.learner.updates, parts.settings.max_steps
    final = FinalSave(subject, parts.library)
    yield Started(subject.name, start, total, str(subject.folder), parts.compute)
    saved_at = start
    try:
        with memory_saved(parts):
            chores = with_wishes(make_chores(parts, evaluator, final, control), control)
            for event in course.run(chores):
                if isinstance(event, Saved) and event.kind == "embedding":
                    saved_at = event.step
                if isinstance(event, Finished):
                    event = Finished(event.step, event.reason, _result(parts))
                yield event
    except TextualInversionError as error:
        # Those of steps that were put back must not be gone on from.
        drop_checkpoints_after(subject.folder, learner.updates)
        yield Failed(learner.updates, str(error))
        raise
    finally:
        if learner.updates > saved_at and learner.is_finite:
            _save_after_all(Checkpoints(subject, 0, evaluator), final, learner.updates)


def _checkpoint_of(parts: Parts) -> Checkpoint | None:
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


def _new_folder(parts: Parts) -> Path:
    return new_run_folder(find_folder(parts.settings.log_dir), parts.embedding.name)


@contextmanager
def memory_saved(parts: Parts) -> Iterator[None]:
    """Save the memory that the settings ask to save, and explain it when there is too little."""
    settings, model = parts.settings, parts.model
    saving = saving_memory(
        model,
        checkpointing=settings.gradient_checkpointing,
        attention=settings.attention,
        vae_rests=settings.vae_offload and model.device.type != "cpu",
    )
    with shortage_explained(settings, model.device), saving:
        yield


def _save_after_all(checkpoints: Checkpoints, final: FinalSave, step: int) -> None:
    """Save when the loop was left by an exception or by closing the generator."""
    for _ in (*checkpoints.run(step), *final.run(step)):
        pass


def _result(parts: Parts) -> str:
    entry = parts.library.find(parts.embedding.name)
    return str(entry.path) if entry else ""
