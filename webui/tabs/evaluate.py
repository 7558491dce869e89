"""The Evaluate tab: which snapshot is most like the pictures, and which does as it is told."""

from __future__ import annotations

import shutil
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup, escape

from textual_inversion.evaluation.snapshots.prompt_lists import LISTS
from textual_inversion.evaluation.snapshots.record import REPORT, evaluations
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import AUTO, EvaluateSettings
from textual_inversion.storage.atomic import os_errors
from textual_inversion.storage.paths import find_folder
from webui import choices, jobs
from webui.event_options import HEAR_BUTTONS, QUIET, UNQUEUED
from webui.folders.allowed import ALLOWED
from webui.form import draw_form
from webui.layout import Tab, buttons, lead, page_errors
from webui.polling import Part, Watched, start_button, stop_button
from webui.views.evaluation import (
    find_candidate,
    find_evaluation,
    key_of,
    newest,
    shown_html,
    state_key,
)
from webui.views.saved import SAVING, new_file, saved_html
from webui.views.status import status_html, warnings_html

_LEAD = (
    "Find the best of a run's snapshots: each is drawn in the same prompts, and measured by how "
    "much it looks like your pictures and how well it does what a prompt says. Pictures that were "
    "drawn before come at once."
)
_IDLE = "Choose an embedding that you have trained, then press Evaluate; some minutes."


class Evaluating:
    """The drawn tab; `used` is the event after which the library holds other vectors."""

    def __init__(self, runner: Runner, base_model: Component) -> None:
        self.runner = runner
        lead(_LEAD)
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="ti-card"):
                lists = {"run": choices.runs(), "vae": choices.vaes(), "embedding": []}
                self.form = draw_form(
                    "evaluate",
                    EvaluateSettings,
                    choices=lists,
                    initial={"embedding": ""},
                    shared={"model": base_model},
                )
            with gr.Column(scale=6, min_width=320):
                start, stop = buttons("evaluate", "Evaluate")
                status = gr.HTML(elem_id="evaluate-status-line")
                warnings = gr.HTML(elem_id="evaluate-warning-list")
                self._draw_earlier()
        self.sheet = gr.HTML(
            elem_id="evaluate-sheet", js_on_load=HEAR_BUTTONS, apply_default_css=False
        )
        begun = start.click(self._begin, self.form.controls, api_visibility="private")
        stopped = stop.click(lambda: runner.stop("evaluate"), queue=False, api_visibility="private")
        self.used = self.sheet.click(self._use, None, None, **QUIET)
        self.report.click(self._report, self.earlier, self.saved, **QUIET)
        self.earlier.input(self._shown, self.earlier, self.sheet, **UNQUEUED)
        self.parts: list[Part | Watched] = [
            Part("evaluate", status, lambda run: status_html(run, idle=_IDLE)),
            Part("evaluate", warnings, warnings_html, lambda run: len(run.warnings)),
            Watched(self.sheet, lambda: shown_html(self._newest()), self._state_key),
            start_button("evaluate", start),
            stop_button("evaluate", stop),
        ]
        self.events = [begun, stopped]

    def refresh(self, opened: Any) -> None:
        """List embeddings, runs and older evaluations anew when the tab is opened."""
        by_path = self.form.by_path
        opened(_lists, None, [by_path["embedding"], by_path["run"], self.earlier], **UNQUEUED)

    def _draw_earlier(self) -> None:
        with gr.Row(elem_classes="ti-row"):
            self.earlier = gr.Dropdown(
                [],
                value=None,
                label="Look at an earlier evaluation",
                elem_id="evaluate-earlier-choice",
                min_width=200,
            )
            self.report = gr.Button(
                "Download report", elem_id="evaluate-report-button", min_width=160, scale=0
            )
        self.saved = gr.HTML(elem_id="evaluate-saved-file", js_on_load=SAVING)

    def _begin(self, *values: Any) -> None:
        with page_errors(self.form):
            settings = self.form.settings(values)
            if settings.prompts.strip().casefold() not in {AUTO, *LISTS}:
                ALLOWED.check(settings.prompts)
            self.runner.start("evaluate", jobs.evaluating(settings), name=settings.embedding)

    def _use(self, event: gr.EventData) -> None:
        """Make the candidate that a button names the embedding."""
        with page_errors(), self.runner.device.turn():
            from textual_inversion.evaluation.snapshots.choosing import use_candidate

            found = find_candidate(str(event.which), self._run())
            library = choices.library(find_folder("embeddings"))
            gr.Info(escape(use_candidate(*found, library)))

    def _report(self, key: str | None) -> Markup:
        """Hand over the report of the evaluation that is looked at."""
        with page_errors():
            folder = find_evaluation(key, self._run()) if key else self._newest()
            folder = folder or find_evaluation("", None)  # says that there is none
            target = new_file(f"{folder.parent.name}-{folder.name}-{REPORT}")
            with os_errors(folder / REPORT, doing="read"):
                shutil.copyfile(folder / REPORT, target)
            return saved_html(target)

    def _shown(self, key: str | None) -> Markup:
        with page_errors():
            return shown_html(find_evaluation(key, self._run()) if key else self._newest())

    def _run(self) -> Any:
        return self.runner.run("evaluate")

    def _newest(self) -> Any:
        return newest(self._run())

    def _state_key(self) -> object:
        return state_key(self._newest())


def draw(runner: Runner, base_model: Component) -> Tab:
    """Draw the tab, its head included."""
    with gr.Tab("Evaluate", id="evaluate") as opened:
        drawn = Evaluating(runner, base_model)
    drawn.refresh(opened.select)
    return Tab(drawn.form, drawn.parts, drawn.events, {"used": drawn.used})


def _lists() -> tuple[Any, Any, Any]:
    return (
        gr.update(choices=choices.embeddings()),
        gr.update(choices=choices.runs()),
        gr.update(choices=[key_of(folder) for folder in evaluations(find_folder("outputs"))]),
    )
