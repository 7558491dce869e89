"""Continue or start over: the choice beside Train when the embedding has a run to go on from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from textual_inversion.errors import TextualInversionError
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.event_options import UNQUEUED
from webui.form import Form
from webui.html import render
from webui.polling import Part

if TYPE_CHECKING:
    from textual_inversion.training.checkpoint import Checkpoint

CONTINUE, START_OVER = "continue", "start over"
_NOTHING_TO_CONTINUE = [("A new run", CONTINUE)]
_NO_RUN = "There is no run of this embedding to go on from."
_NAMES = ("embedding", "resume", "log_dir")
_DEFAULT_RESUME = str(TrainSettings.model_fields["resume"].default)


class ResumeChoice:
    """The choice, and what a pressed Train makes of it."""

    def __init__(self, form: Form[TrainSettings]) -> None:
        self.form = form
        # Always there, so that nothing moves when a run has come to its end.
        self.control = gr.Radio(
            [("Continue, where there is a run", CONTINUE), ("Start over", START_OVER)],
            value=CONTINUE,
            label="Train begins",
            info=_NO_RUN,
            elem_id="train-resume-choice",
        )
        # Draws nothing; the browser hears from it that a run has begun or ended.
        self.news = gr.HTML(visible="hidden", elem_id="train-run-news")

    @property
    def parts(self) -> list[Part]:
        """What is drawn again when it changes."""
        return [Part("train", self.news, _news_html, _news_state_key)]

    def listen(self, replaced: Any) -> None:
        """Offer the choice when another embedding is chosen, a run ends, or after `replaced`."""
        fields = [self.form.by_path[path] for path in _NAMES]
        changes = [field.change for field in fields]  # pyright: ignore
        gr.on(changes, offered, fields, self.control, **UNQUEUED)
        self.news.change(renewed, [*fields, self.control], self.control, **UNQUEUED)
        replaced.then(offered, fields, self.control, **UNQUEUED)

    def settings(self, values: tuple[Any, ...]) -> TrainSettings:
        """Build settings from the form's values, of which the choice is the last; see `chosen`."""
        *shown, choice = values
        return self.chosen(self.form.settings(shown), choice)

    @staticmethod
    def chosen(settings: TrainSettings, choice: str) -> TrainSettings:
        """Return the settings with which the choice is carried out.

        To start over gives the embedding its first vectors back, and says as what it is kept.

        Raises:
            EmbeddingError: It cannot be started over; nothing was changed then.
        """
        if choice != START_OVER or settings.resume != _DEFAULT_RESUME:
            return settings
        checkpoint = found_checkpoint(settings.embedding, settings.log_dir)
        if checkpoint is not None:
            _start_over(checkpoint)
        return TrainSettings.build(settings.model_dump(), {"resume": "never"})

    @staticmethod
    def to_continue(settings: TrainSettings, choice: str) -> Path | None:
        """Find the folder of the run that a pressed Train would go on with."""
        if choice == START_OVER or settings.resume != _DEFAULT_RESUME:
            return None
        checkpoint = found_checkpoint(settings.embedding, settings.log_dir)
        return checkpoint.run_folder if checkpoint is not None else None


def offered(embedding: str | None, resume: str | None, log_dir: str | None) -> Any:
    """Offer to continue from a step, where there is a run to go on from."""
    if resume != _DEFAULT_RESUME:
        label = next(knob.ui.label for knob in walk(TrainSettings) if knob.path == "resume")
        said = f'The setting "{label}" decides, which is {resume or "empty"}.'
        return gr.update(value=CONTINUE, choices=[(f'As "{label}" says', CONTINUE)], info=said)
    checkpoint = _found(embedding, log_dir)
    if checkpoint is None:
        return gr.update(value=CONTINUE, choices=_NOTHING_TO_CONTINUE, info=_NO_RUN)
    step, run = checkpoint.updates, checkpoint.run_folder
    return gr.update(
        value=CONTINUE,
        choices=[(f"Continue from step {step}", CONTINUE), ("Start over", START_OVER)],
        info=f"The run {run.parent.name}/{run.name}. To start over puts back the vectors with "
        "which it began; the embedding as it is now is kept under a name of its own.",
    )


def renewed(
    embedding: str | None, resume: str | None, log_dir: str | None, chosen: str | None
) -> Any:
    """Offer it anew when a run has begun or ended; to start over stays chosen where it can be."""
    offer = offered(embedding, resume, log_dir)
    if any(value == chosen for _, value in offer["choices"]):
        del offer["value"]
    return offer


def _found(embedding: str | None, log_dir: str | None) -> Checkpoint | None:
    if not (embedding and log_dir):
        return None
    try:
        return found_checkpoint(embedding, log_dir)
    except TextualInversionError:  # Train says what is wrong
        return None


def found_checkpoint(name: str, log_dir: str) -> Checkpoint | None:
    """Find what a training of this embedding would go on from; None without a word of torch's."""
    folder = find_folder(log_dir)
    if not any(_is_of(path, name) for path in folder.glob("*/*/checkpoints/*.ckpt")):
        return None
    from textual_inversion.training.starting_over import run_to_continue

    return run_to_continue(choices.library(find_folder("embeddings")), name, folder)


def _start_over(checkpoint: Checkpoint) -> None:
    from textual_inversion.training.starting_over import start_over

    name = checkpoint.name
    kept = start_over(choices.library(find_folder("embeddings")), checkpoint)
    if kept:
        gr.Info(f"{name} begins anew; what it was is kept as {kept}.")


def _is_of(path: Path, name: str) -> bool:
    return path.stem.rpartition("-")[0] == name


def _news_state_key(run: Run) -> object:
    # A run of a few steps may end before anybody has seen it begin.
    return [run.state, 0 if run.is_active else run.step]


def _news_html(run: Run | None) -> str:
    return render("train/news", run=run)
