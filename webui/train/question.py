"""Asked before a run goes on with other settings than it had, on a page that did not begin it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from textual_inversion.errors import SettingsError, TrainingError
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.history import differing
from textual_inversion.runs.wording import value_words
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk
from webui import jobs
from webui.event_options import QUIET, UNQUEUED
from webui.html import render
from webui.layout import page_errors
from webui.train.loading import run_settings
from webui.train.resuming import ResumeChoice, found_checkpoint

_MOST_NAMED = 6
# To train for longer is what one goes on for.
_EXPECTED = {"max_steps"}


@dataclass(frozen=True)
class _Settings:
    settings: dict[str, Any]


class Question:
    """The question, hidden until Train is pressed; drawn where it is made."""

    def __init__(self, runner: Runner, resuming: ResumeChoice) -> None:
        self._runner, self._resuming = runner, resuming
        # The embeddings that this page has trained, or whose settings it has shown.
        self._known = gr.JSON([], visible=False)
        with gr.Column(visible=False, elem_id="train-question") as self._box:
            self._said = gr.HTML()
            with gr.Row(elem_classes="ti-buttons"):
                self._sure = gr.Button(
                    "Continue with the settings here", elem_id="train-sure-button", min_width=140
                )
                self._show = gr.Button(
                    "Show the run's settings", elem_id="train-show-button", min_width=140
                )

    def listen(self, start: gr.Button) -> list[Any]:
        """Connect the buttons; return the events that may begin a run."""
        form, box = self._resuming.form, [self._box, self._said, self._known]
        inputs = [*form.controls, self._resuming.control, self._known]
        begun = [
            start.click(self._begin, inputs, box, api_visibility="private"),
            self._sure.click(
                partial(self._begin, is_sure=True), inputs, box, api_visibility="private"
            ),
        ]
        shown = [self._known, form.by_path["embedding"], form.by_path["log_dir"]]
        self._show.click(self._run_settings, shown, [*box, *form.controls], **QUIET)
        changes = [form.by_path["embedding"].change, self._resuming.control.change]  # pyright: ignore
        gr.on(changes, lambda: gr.update(visible=False), None, self._box, **UNQUEUED)
        return begun

    def _begin(self, *values: Any, is_sure: bool = False) -> list[Any]:
        *chosen, choice, known = values
        with page_errors(self._resuming.form):
            settings = self._resuming.form.settings(chosen)
            run = self._resuming.to_continue(settings, choice)
            if run is not None and not is_sure and settings.embedding not in known:
                changed = changes(run, settings)
                if changed:
                    return [gr.update(visible=True), question_html(run, changed), gr.skip()]
            settings = self._resuming.chosen(settings, choice)
            self._runner.start("train", jobs.training(settings), name=settings.embedding)
        return [gr.update(visible=False), "", [*known, settings.embedding]]

    def _run_settings(self, known: list[str], name: str, log_dir: str) -> list[Any]:
        with page_errors():
            checkpoint = found_checkpoint(name, log_dir)
            if checkpoint is None:
                raise TrainingError(f'The run of "{name}" is not in {log_dir} any more.')
            settings = run_settings(checkpoint.run_folder)
        hidden = [gr.update(visible=False), "", [*known, name]]
        return [*hidden, *self._resuming.form.updates(settings)]


def changes(run: Path, settings: TrainSettings) -> list[tuple[str, str, str]]:
    """List the settings that would change where a run goes on: label, in the run, now.

    Of a run whose settings cannot be read nothing is known, and nothing is asked.
    """
    try:
        before, now = run_settings(run), settings.model_dump()
    except SettingsError:
        return []
    paths = differing([_Settings(before), _Settings(now)])
    labels = {knob.path: knob.ui.label for knob in walk(TrainSettings)}
    return [
        (labels[path], value_words(before[path]), value_words(now[path]))
        for path in paths
        if path not in _EXPECTED
    ]


def question_html(run: Path, changed: Sequence[tuple[str, str, str]]) -> Markup:
    """Ask whether a run is to go on with other settings."""
    some, others = changed[:_MOST_NAMED], changed[_MOST_NAMED:]
    name = f"{run.parent.name}/{run.name}"
    return render("train/question", run=name, changes=some, others=len(others))
