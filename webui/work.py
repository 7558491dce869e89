"""From settings to jobs; the heavy imports happen in the job's own thread."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from textual_inversion.control import Control
from textual_inversion.events import Event
from textual_inversion.jobs import Job
from textual_inversion.settings import GenerateSettings, PreprocessSettings, TrainSettings

_HEAVY = ("torch", "textual_inversion.run", "textual_inversion.generate")


def preprocessing(settings: PreprocessSettings) -> Job:
    """Make the job that prepares a folder of pictures."""

    def job(control: Control) -> Iterator[Event]:
        from preprocessing.folder import preprocess
        from textual_inversion.models.find import native_size

        size = native_size(settings.model)
        yield from preprocess(settings, size=size, stop=control.stop)

    return job


def training(settings: TrainSettings) -> Job:
    """Make the job that trains an embedding."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.run import train

        yield from train(settings, control)

    return job


def generating(settings: GenerateSettings) -> Job:
    """Make the job that draws pictures, with a view of each step."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.generate import generate

        yield from generate(settings, control, live_previews=True)

    return job


def warm() -> None:
    """Import what jobs need before anybody asks, so that the first one begins at once."""
    for name in _HEAVY:
        importlib.import_module(name)
