"""From settings to jobs; the heavy imports happen in the job's own thread."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from textual_inversion.control import Control
from textual_inversion.events import Event, Sampled, Started, Stepped
from textual_inversion.jobs import Job
from textual_inversion.runview import read_run
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

        for event in train(settings, control):
            if isinstance(event, Started) and event.step:
                yield from earlier(Path(event.folder))
            yield event

    return job


def earlier(folder: Path) -> Iterator[Event]:
    """Give what a run's earlier sittings showed, so that its curve goes on where it was."""
    if not (folder / "events.jsonl").is_file():
        return
    past = read_run(folder)
    for step, loss, rate in past.losses:
        yield Stepped(step, past.total, loss, rate, seconds=0.0)
    yield from past.evaluations
    yield from past.previews


def generating(settings: GenerateSettings) -> Job:
    """Make the job that draws pictures, with a view of each step."""

    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.generate import generate

        yield from steady(generate(settings, control, live_previews=True))

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


def warm() -> None:
    """Import what jobs need before anybody asks, so that the first one begins at once."""
    for name in _HEAVY:
        importlib.import_module(name)
