"""Pruning, a part of the Workshop tab: drop the vectors that the loss misses the least."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from textual_inversion.events import Event
from textual_inversion.jobs.runner import Job, Runner
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from textual_inversion.settings.workshop import PruneSettings
from webui import choices
from webui.event_options import UNQUEUED
from webui.form import Form, draw_form
from webui.html import render
from webui.layout import Tab, buttons, page_errors
from webui.polling import Part, start_button, stop_button
from webui.views.status import status_html, warnings_html

if TYPE_CHECKING:
    from textual_inversion.training.pruning import Dropped

_IDLE = "Name an embedding of several vectors and the pictures it was trained on, then press Prune."


def draw(runner: Runner, base_model: Component) -> Tab:
    """Draw the part: its form, the buttons, and the vectors that were dropped."""
    dropped: list[Dropped] = []
    with gr.Accordion(
        "Prune: drop the vectors that matter least", open=False, elem_id="prune-part"
    ):
        form = draw_form(
            "prune",
            PruneSettings,
            shared={"model": base_model},
            choices={"template": choices.templates(), "vae": choices.vaes()},
            initial={"embedding": ""},
        )
        start, stop = buttons("prune", "Prune")
        status = gr.HTML(elem_id="prune-status-line")
        table = gr.HTML(elem_id="prune-table")
    parts = [
        Part("prune", status, lambda run: status_html(run, idle=_IDLE)),
        Part("prune", table, lambda run: _table(run, dropped)),
        start_button("prune", start),
        stop_button("prune", stop),
    ]
    begun = start.click(
        lambda *values: _begin(runner, form, values, dropped),
        form.controls,
        api_visibility="private",
    )
    return Tab(form, parts, [begun, stop.click(lambda: runner.stop("prune"), **UNQUEUED)])


def _begin(runner: Runner, form: Form[PruneSettings], values: Any, dropped: list[Dropped]) -> None:
    with page_errors(form):
        settings = form.settings(values)
        runner.start("prune", _pruning(settings, dropped), name=settings.embedding)


def _pruning(settings: PruneSettings, dropped: list[Dropped]) -> Job:
    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.training.pruning import Dropped, prune

        dropped.clear()
        for event in prune(settings, control):
            if isinstance(event, Dropped):
                dropped.append(event)
            else:
                yield event

    return job


def _table(run: Run | None, dropped: list[Dropped]) -> Markup:
    if run is None:
        return Markup()
    return render("tabs/dropped_vectors", rows=dropped, warnings=warnings_html(run))
