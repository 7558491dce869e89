"""What time and memory a training will take: five of its steps are taken, and nothing is saved."""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch

from textual_inversion.data.batches import Batches
from textual_inversion.devices.peak_memory import peak_mb, reset_peak
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library import Library
from textual_inversion.events import Event, Loading, Started, Stepped
from textual_inversion.generation.sampling import sample
from textual_inversion.models.catalog import ModelInfo
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.runs.requests import Control
from textual_inversion.runs.wording import duration
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder
from textual_inversion.training.build import (
    Components,
    make_evaluator,
    make_learner,
    open_components,
    read_data,
)
from textual_inversion.training.chores.evaluation import Evaluator
from textual_inversion.training.chores.previews import preview_params
from textual_inversion.training.context import RunContext
from textual_inversion.training.run import memory_saved

NUM_STEPS = 5
_NUM_CALLS = 3  # of the sampler
Result = TypeVar("Result")


@dataclass(frozen=True)
class Pace:
    """The seconds that the parts of a training take; `beginning` is all before its first step."""

    beginning: float
    step: float
    evaluation: float
    preview: float

    def seconds(self, settings: TrainSettings, steps: int) -> float:
        """Add up what so many steps take, with their evaluations and previews."""
        evaluations = _times(steps, settings.evaluate_every)
        previews = _times(steps, settings.save_image_every)
        chores = evaluations * self.evaluation + previews * self.preview
        return self.beginning + steps * self.step + chores


@dataclass(frozen=True)
class Estimate:
    """What a training is going to take; `peak_mb` is None where the system does not report it."""

    steps: int
    num_previews: int
    seconds: float
    seconds_per_step: float
    peak_mb: float | None
    pace: Pace | None = None
    """What it was computed from."""

    @property
    def sentence(self) -> str:
        """Describe it for the user."""
        each = f"{self.seconds_per_step:.{2 if self.seconds_per_step < 10 else 0}f} s each"
        previews = f" and {self.num_previews} previews" if self.num_previews else ""
        memory = f"; peak memory {self.peak_mb:.0f} MB" if self.peak_mb else ""
        return f"About {duration(self.seconds)} for {self.steps} steps ({each}){previews}{memory}."


class Stopwatch:
    """Counts the time that passes inside a generator, not between its events."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def through(self, events: Generator[Event, None, Result]) -> Generator[Event, None, Result]:
        """Pass a generator's events and result on."""
        while True:
            began = time.perf_counter()
            try:
                event = next(events)
            except StopIteration as end:
                return end.value
            finally:
                self.seconds += time.perf_counter() - began
            yield event


def probe(
    settings: TrainSettings, control: Control, known: ModelInfo | None = None
) -> Generator[Event, None, Estimate | None]:
    """Begin the training of `settings`, take five steps, and estimate what all of them will take.

    An embedding that does not exist yet gets random vectors; `known` is the settings' model where
    it was resolved. The generator returns the estimate; None when it was asked to stop.
    """
    reset_peak()
    watch = Stopwatch()
    embedding = None
    if not Library(find_folder("embeddings")).find(settings.embedding):
        known = known or (yield from fetch_for_job(settings.model, control))
        embedding = _placeholder(settings.embedding, known.widths)
    parts = yield from watch.through(open_components(settings, control, embedding, known))
    batches = yield from watch.through(read_data(parts, control))
    if batches is None:
        return None
    done = parts.embedding.step if parts.embedding.step < settings.max_steps else 0
    learner = make_learner(parts, done, None)
    # Nothing is written, so there is no folder.
    context = RunContext(learner, parts.embedding.name, Path(), parts.embedding.vectors)
    evaluator = make_evaluator(parts, context, batches, control)
    with memory_saved(parts.settings, parts.model):
        seconds = yield from _steps(evaluator, batches, control)
        if len(seconds) < NUM_STEPS:
            return None
        evaluation, preview = yield from _chores(parts, evaluator)
    each = statistics.median(seconds[1:])  # the first one warms up
    steps = settings.max_steps - done
    pace = Pace(watch.seconds + seconds[0] - each, each, evaluation, preview)
    previews = _times(steps, settings.save_image_every)
    memory = peak_mb(parts.model.device)
    return Estimate(steps, previews, pace.seconds(settings, steps), each, memory, pace)


def _placeholder(name: str, widths: tuple[int, ...]) -> Embedding:
    """Make random vectors for an embedding that does not exist yet; they take the same time."""
    random = torch.Generator().manual_seed(0)
    vectors = tuple(torch.randn(1, width, generator=random) * 0.01 for width in widths)
    return Embedding(name, vectors)


def _steps(
    evaluator: Evaluator, batches: Batches, control: Control
) -> Generator[Event, None, list[float]]:
    learner, seconds = evaluator.context.learner, list[float]()
    yield Started(evaluator.context.name, 0, NUM_STEPS)
    for batch in islice(batches.start_at(learner.updates), NUM_STEPS):
        if control.stopping:
            break
        began = time.perf_counter()
        loss = float(learner.step(batch))  # CPU-GPU sync point: else the work is only queued
        seconds.append(time.perf_counter() - began)
        yield Stepped(
            len(seconds), NUM_STEPS, loss, learner.learning_rate, sum(seconds), batch.caption
        )
    return seconds


def _chores(parts: Components, evaluator: Evaluator) -> Generator[Event, None, tuple[float, float]]:
    """Return the seconds of an evaluation and of a preview, 0 for what is not asked for."""
    settings, evaluation, preview = parts.settings, 0.0, 0.0
    if settings.evaluate_every:
        yield Loading("an evaluation")
        began = time.perf_counter()
        list(evaluator.run(evaluator.context.learner.updates))
        evaluation = time.perf_counter() - began
    if settings.save_image_every:
        yield Loading("a preview")
        preview = _preview_seconds(parts, evaluator.context)
    return evaluation, preview


def _preview_seconds(parts: Components, context: RunContext) -> float:
    previews = preview_params(
        parts.settings,
        name=f"<{context.name}>",
        first_line=parts.lines[0],
        size=(parts.width, parts.height),
    )
    words = {context.name: context.origin}
    times: list[float] = []
    total = 0
    for state in islice(sample(parts.model, previews[0], words), _NUM_CALLS):
        float(state.latents.mean())  # CPU-GPU sync point
        times.append(time.perf_counter())
        total = state.total
    each = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else 0.0
    return each * total * len(previews)


def _times(steps: int, every: int) -> int:
    """Count how often something is done that is done at the end, too."""
    return -(-steps // every) if every else 0
