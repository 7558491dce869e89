"""From settings to jobs; the heavy imports happen in the job's own thread."""

from __future__ import annotations

import pkgutil
import threading
from collections.abc import Iterator
from dataclasses import replace

from textual_inversion.events import Event, Sampled
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Job
from textual_inversion.runs.requests import Control
from textual_inversion.settings import (
    EvaluateSettings,
    GenerateSettings,
    GridSettings,
    PreprocessSettings,
    TrainSettings,
)

_HEAVY = (
    "textual_inversion.embeddings.create",
    "textual_inversion.generation.generate",
    "textual_inversion.training.run",
    "transformers:CLIPTokenizer",
    "transformers:CLIPTextModel",
    "diffusers:AutoencoderKL",
    "diffusers:UNet2DConditionModel",
)
_is_warm = threading.Event()


def preprocessing(settings: PreprocessSettings) -> Job:
    """Make the job that prepares a folder of pictures."""

    def job(control: Control) -> Iterator[Event]:
        from preprocessing.job import preprocess
        from textual_inversion.models.catalog import native_size

        size = native_size(settings.model)
        yield from preprocess(settings, size=size, stop=control.stop)

    return job


def training(settings: TrainSettings) -> Job:
    """Make the job that trains an embedding."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.training.run import train

        return train(settings, control)

    return job


def generating(settings: GenerateSettings) -> Job:
    """Make the job that draws pictures, with a view of each step."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.generation.generate import generate

        yield from steady(generate(settings, control, live_previews=True))

    return job


def drawing_grid(settings: GridSettings) -> Job:
    """Make the job that draws a grid of pictures."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.generation.grids.job import draw_grid

        return draw_grid(settings, control)

    return job


def evaluating(settings: EvaluateSettings) -> Job:
    """Make the job that measures an embedding and its snapshots."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.evaluation.snapshots.job import evaluate

        return evaluate(settings, control)

    return job


def steady(events: Iterator[Event]) -> Iterator[Event]:
    """Keep the last view of a picture in sight until the next one is drawn."""
    preview = ""
    for event in events:
        if isinstance(event, Sampled):
            preview = event.preview or preview
            yield replace(event, preview=preview)
        else:
            yield event


def is_warm() -> bool:
    """Whether `warm` has nothing left to import."""
    return _is_warm.is_set()


def warm(device: DeviceLock) -> None:
    """Import, once, what everything with a model needs, while no job is at it.

    transformers and diffusers fetch their classes when they are first asked for, and break when two
    threads ask at once; who has waited for this may go on without a turn.
    """
    if _is_warm.is_set():
        return
    with device.turn():
        for name in _HEAVY:
            pkgutil.resolve_name(name)
    _is_warm.set()
