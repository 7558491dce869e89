"""The Create Embedding tab: a name, a start, a number of vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import ModelError, TextualInversionError
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Runner
from textual_inversion.names import STAND_IN
from textual_inversion.settings import CreateSettings
from webui.event_options import UNQUEUED
from webui.fields.wording import in_labels
from webui.form import Form, draw_form
from webui.html import paragraph, render
from webui.jobs import warm
from webui.layout import Tab, lead, page_errors
from webui.tabs.model_download import download_if_needed
from webui.tabs.suggest import Suggesting

_LEAD = (
    "Give your subject a word of its own. It starts from words that say roughly what it is; "
    "training then moves it to exactly what your pictures show."
)


def draw(runner: Runner, base_model: Component) -> Tab:
    """Draw the tab."""
    lead(_LEAD)
    with gr.Column(elem_classes="ti-narrow ti-card"):
        form = draw_form(
            "create",
            CreateSettings,
            shared={"model": base_model},
            notes=["name", "initialization_text"],
        )
        suggesting = Suggesting(runner, base_model)
        button = gr.Button("Create embedding", variant="primary", elem_id="create-start-button")
        result = gr.HTML(elem_id="create-result-line")
    device = runner.device
    form.explain(lambda values: _name(values, device), form.notes["name"])
    form.explain(lambda values: _start(values, device), form.notes["initialization_text"])

    def pressed(*values: Any) -> Iterator[str]:  # a generator, which Gradio asks for
        yield from _create(form, values, device)

    created = button.click(pressed, form.controls, result, api_visibility="private")
    created.failure(lambda: "", None, result, **UNQUEUED)
    # The next name is asked about anew.
    created.success(lambda: False, None, form.by_path["force"], **UNQUEUED)
    suggesting.fill(form.by_path["initialization_text"])
    return Tab(form, suggesting.parts, suggesting.events, {"created": created})


def _create(form: Form[CreateSettings], values: Any, device: DeviceLock) -> Iterator[str]:
    with page_errors(form):
        settings = form.settings(values)
        yield from map(paragraph, download_if_needed(settings.model))
        with device.turn():
            from textual_inversion.embeddings.create import create

            path = create(settings)
    yield render("tabs/created", name=settings.name, path=path)


def _name(values: dict[str, Any], device: DeviceLock) -> str:
    """Warn of a name that is a word already, as one types it."""
    try:
        settings = CreateSettings.build(values, {"name": values["name"] or ""})
        if not settings.name:
            return ""
        warm(device)
        from textual_inversion.embeddings.create import describe_name
        from textual_inversion.models.catalog import describe_model

        warning = describe_name(settings, describe_model(settings.model))
        return paragraph(warning, style="wrong") if warning else ""
    except ModelError:
        return ""  # said at the base model
    except TextualInversionError as error:
        return paragraph(in_labels(str(error), CreateSettings), style="wrong")


def _start(values: dict[str, Any], device: DeviceLock) -> str:
    """Describe which tokens the text becomes; that does not depend on the name."""
    try:
        settings = CreateSettings.build(values, {"name": STAND_IN})
        warm(device)
        from textual_inversion.embeddings.create import describe_start
        from textual_inversion.models.catalog import describe_model

        text = describe_start(settings, describe_model(settings.model))
        return paragraph(text)
    except ModelError:
        return ""  # said at the base model
    except TextualInversionError as error:
        return paragraph(in_labels(str(error), CreateSettings), style="wrong")
