"""The job behind Train: pictures prepared, the embedding created, and then its training."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.errors import DatasetError
from textual_inversion.events import Event, Finished, Loading
from textual_inversion.jobs.runner import Job, Runner
from textual_inversion.runs.requests import Control
from textual_inversion.settings import (
    CreateSettings,
    PreprocessSettings,
    StartSettings,
    TrainSettings,
)
from webui import jobs
from webui.start.picture_set import preparing

_LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Planned:
    """The settings of the three things that are done."""

    creating: CreateSettings
    preparing: PreprocessSettings
    training: TrainSettings


def planned(settings: StartSettings) -> Planned:
    """Say what the three steps do; TextualInversionError when the pictures cannot be used."""
    prepared = preparing(settings)
    return Planned(settings.creating(), prepared, settings.training(prepared.destination))


def beginning(plan: Planned, runner: Runner) -> Job:
    """Make the job; the pictures are prepared by one of that kind, which its own tab shows."""

    def job(control: Control) -> Iterator[Event]:
        is_prepared = yield from _prepare(plan.preparing, runner, control)
        if not is_prepared or control.stopping:
            yield Finished(0, "stopped")
            return
        yield Loading("the embedding's first vectors")
        from textual_inversion.embeddings.create import create

        create(plan.creating)
        from textual_inversion.training.run import train

        yield from train(plan.training, control)

    return job


def _prepare(
    settings: PreprocessSettings, runner: Runner, control: Control
) -> Generator[Event, None, bool]:
    """Prepare the pictures; return False where that was stopped."""
    yield Loading("the pictures")
    job = jobs.preprocessing(settings)
    run = runner.start("preprocess", job, name=Path(settings.source).name)
    shown = 0
    while run.is_active:
        if control.stopping:
            runner.stop("preprocess")
        runner.join("preprocess", _LOOK_EVERY_SECONDS)
        if run.step > shown:
            shown = run.step
            yield Loading(f"picture {shown} of {run.total}")
    if run.state == "failed":
        raise DatasetError(run.message)
    return run.state == "finished"
