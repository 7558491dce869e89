"""The Preprocess Images tab: a folder of pictures in, a folder ready for training out.

Beside it, the captions of a folder can be edited, and a data set looked through.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from preprocessing.plan import plan
from textual_inversion.errors import TextualInversionError
from textual_inversion.jobs.runner import Runner
from textual_inversion.models.catalog import native_size
from textual_inversion.runs.state import Run
from textual_inversion.settings import PreprocessSettings
from webui import choices, jobs
from webui.caption_editor.editor import Editor
from webui.captioners.installing import Installing
from webui.cropping.editor import CropEditor
from webui.event_options import UNQUEUED
from webui.fields.wording import in_labels
from webui.folders.allowed import ALLOWED, real
from webui.folders.field import pictures_in
from webui.folders.following import follow
from webui.form import Form, draw_form
from webui.html import paragraph, render
from webui.layout import Tab, buttons, lead, page_errors
from webui.polling import Part, start_button, stop_button
from webui.tabs.check import Checking
from webui.views.results import results_html
from webui.views.status import status_html, warnings_html

_LEAD = "Bring your pictures to the size that training needs. Your own files are only read."
_CROP = """element.addEventListener('click', event => {
  const button = event.target.closest('[data-crop]');
  if (button) trigger('click', {crop: button.dataset.crop});
});"""
_IDLE = "Choose a folder of pictures, and where the prepared ones should go."


def draw(runner: Runner, base_model: Component) -> Tab:
    """Draw the tab."""
    with gr.Tabs(elem_id="preprocess-parts") as sides:
        with gr.Tab("Prepare", id="prepare"):
            tab = _prepare(runner, base_model)
        with gr.Tab("Captions", id="captions"):
            editor = Editor(runner.device, base_model)
        with gr.Tab("Check", id="check") as opened:
            checking = Checking(runner, base_model)
    opened.select(checking.list_embeddings, None, checking.form.by_path["name"], **UNQUEUED)
    editor.offer(tab.extras["caption"], tab.form.by_path["destination"], sides)
    return Tab(
        tab.form,
        [*tab.parts, *checking.parts],
        tab.events,
        {**tab.extras, "editor": editor, "checking": checking, "sides": sides},
    )


def join(page: gr.Blocks, preparing: Tab, training: Tab, tabs: gr.Tabs) -> list[Any]:
    """Join the parts to the other tabs and the page; return the events after which to poll."""
    preparing.extras["editor"].restore(page)
    checking: Checking = preparing.extras["checking"]
    page.load(checking.list_embeddings, None, checking.form.by_path["name"], **UNQUEUED)
    checking.join(training, {"preprocess": tabs, "check": preparing.extras["sides"]})
    return checking.events


def _prepare(runner: Runner, base_model: Component) -> Tab:
    installing = Installing(runner)
    lead(_LEAD)
    with gr.Row(elem_classes="ti-columns"):
        with gr.Column(scale=5, min_width=320, elem_classes="ti-card"):
            form = draw_form(
                "preprocess",
                PreprocessSettings,
                shared={"model": base_model},
                initial=_example(),
                below={
                    "source": pictures_in,
                    "caption": installing.draw,
                },
                notes=["caption"],
            )
            form.explain(_needs, form.notes["caption"])
            installing.renew(form, _needs)
            follow(*_folders(form), form.initial["source"] or "")
        with gr.Column(scale=6, min_width=320):
            start, stop = buttons("preprocess", "Preprocess")
            form.explain(_plan, gr.HTML(elem_id="preprocess-plan", elem_classes="ti-note"))
            parts, results = _live()
            cropper = CropEditor(runner)
            with gr.Row():
                caption = gr.Button(
                    "Edit their captions", visible=False, elem_id="preprocess-caption-button"
                )
                onward = gr.Button(
                    "Train on these pictures", visible=False, elem_id="preprocess-onward-button"
                )
    begun = start.click(
        lambda *values: _begin(runner, form, values), form.controls, api_visibility="private"
    )
    cropped = cropper.listen(results).success(
        lambda *values: _begin(runner, form, values), form.controls, api_visibility="private"
    )
    stopped = stop.click(lambda: runner.stop("preprocess"), queue=False, api_visibility="private")
    parts += [start_button("preprocess", start), stop_button("preprocess", stop)]
    parts.append(installing.part)
    for button in (caption, onward):
        parts.append(Part("preprocess", button, lambda run: gr.update(visible=_has_files(run))))
    events = [begun, cropped, stopped, installing.pressed]
    return Tab(form, parts, events, {"onward": onward, "caption": caption})


def _folders(form: Form[PreprocessSettings]) -> tuple[Component, Component]:
    return form.by_path["source"], form.by_path["destination"]


def _example() -> dict[str, Any]:
    """Offer the pictures that ship with the project, so that the first try is one click."""
    sample = choices.sample_pictures()
    return {"source": sample, "destination": f"prepared/{Path(sample).name}"} if sample else {}


def _begin(runner: Runner, form: Form[PreprocessSettings], values: tuple[Any, ...]) -> None:
    with page_errors(form):
        settings = form.settings(values)
        name = Path(settings.source).name
        runner.start("preprocess", jobs.preprocessing(settings), name=name)


def _plan(values: dict[str, Any]) -> str:
    """Say what the button would do, and warn of sets that would be mixed."""
    try:
        settings = PreprocessSettings.build(values)
        if not all(ALLOWED.holds(real(name)) for name in (settings.source, settings.destination)):
            return ""  # pressing the button asks for them first
        planned = plan(settings, size=native_size(settings.model))
    except TextualInversionError as error:
        return paragraph(in_labels(str(error), PreprocessSettings))
    return render("tabs/plan", plan=planned)


def _needs(values: dict[str, Any]) -> str:
    """Say what each of the chosen captioners, or each there is, still needs."""
    from preprocessing.captioners.availability import NAMES, list_captioners

    try:
        # Neither folder has to do with it.
        settings = PreprocessSettings.build(values, {"source": "any", "destination": "other"})
    except TextualInversionError:
        return ""  # said where the plan stands
    return render("tabs/captioners", rows=list_captioners(settings, settings.caption or NAMES))


def _live() -> tuple[list[Part], gr.HTML]:
    status = gr.HTML(elem_id="preprocess-status-line")
    warnings = gr.HTML(elem_id="preprocess-warning-list")
    results = gr.HTML(
        elem_id="preprocess-picture-gallery", js_on_load=_CROP, apply_default_css=False
    )
    parts = [
        Part("preprocess", status, lambda run: status_html(run, idle=_IDLE)),
        Part("preprocess", warnings, warnings_html, lambda run: len(run.warnings)),
        Part("preprocess", results, results_html, lambda run: len(run.results)),
    ]
    return parts, results


def _has_files(run: Run | None) -> bool:
    return run is not None and not run.is_active and bool(run.files)
