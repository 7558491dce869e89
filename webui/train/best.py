"""The button that makes the best snapshot of the run that is shown the embedding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import escape

from textual_inversion.errors import EmbeddingError
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.event_options import QUIET
from webui.layout import page_errors
from webui.polling import Part


class BestButton:
    """The button; `used` is the event after which the library holds other embeddings."""

    def __init__(self, runner: Runner) -> None:
        self.button = gr.Button(
            "Use best", elem_id="train-best-button", min_width=170, interactive=False
        )
        self.used = self.button.click(lambda: _use_shown(runner.begun("train")), **QUIET)

    @property
    def parts(self) -> list[Part]:
        """What is drawn again when it changes."""
        return [Part("train", self.button, _drawn, _state_key, of_begun=True)]


def has_best(run: Run | None) -> bool:
    """Whether a run is over and has left its best vectors as a file."""
    return (
        run is not None
        and not run.is_active
        and bool(run.best_path)
        and Path(run.best_path).is_file()
    )


def use_best(run: Run | None) -> str:
    """Make the best vectors of a run its embedding; say what became of the others.

    Raises:
        EmbeddingError: There are none, or the embedding is gone or being trained.
    """
    from textual_inversion.embeddings import formats
    from textual_inversion.embeddings.library.replacing import replace_vectors

    if run is None or not has_best(run):
        raise EmbeddingError(
            "No run has left a best snapshot; train with evaluation on, and wait for the end."
        )
    best = formats.read(Path(run.best_path))
    library = choices.library(find_folder("embeddings"))
    kept = replace_vectors(library, run.name, best)
    if not kept:
        return f"{run.name} is the best of its run already, step {best.step}."
    return (
        f"{run.name} is now the best of its run, step {best.step}; what it was is kept as {kept}."
    )


def _use_shown(run: Run | None) -> None:
    with page_errors():
        gr.Info(escape(use_best(run)))


def _state_key(run: Run) -> object:
    return [run.best_path, run.is_active]


def _drawn(run: Run | None) -> Any:
    step = run.best.step if run is not None and run.best and has_best(run) else None
    label = "Use best" if step is None else f"Use best (step {step})"
    return gr.update(value=label, interactive=step is not None)
