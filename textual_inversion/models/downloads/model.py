"""A base model is resolved for a job, and downloaded first where it is not here yet."""

from __future__ import annotations

from collections.abc import Generator

from textual_inversion.background import run_in_background
from textual_inversion.errors import ModelError
from textual_inversion.events import Event
from textual_inversion.models.catalog import ModelInfo, fetch_model, is_here
from textual_inversion.models.downloads.counts import Counts
from textual_inversion.runs.requests import Control


def fetch_for_job(name: str, control: Control) -> Generator[Event, None, ModelInfo]:
    """Describe a model as `fetch_model` does; the events tell how far its download is.

    Raises:
        ModelError: There is none, it cannot be downloaded, or the job was asked to stop meanwhile.
    """
    if is_here(name):
        return fetch_model(name)
    counts = Counts(lambda: control.stopping)
    events = run_in_background(
        lambda: fetch_model(name, progress_bar=counts.bar),
        words=lambda: f"base model {name}" + counts.in_brackets(),
        stop=control.stop,
    )
    while not control.stopping:
        try:
            yield next(events)
        except StopIteration as end:
            return end.value
    raise ModelError(
        f'The download of the base model "{name}" was stopped; start again to fetch the rest of it.'
    )
