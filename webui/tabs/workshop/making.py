"""The Workshop tab: an embedding made from others, looked at, and saved."""

from __future__ import annotations

import base64
import io
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings.workshop import WorkshopSettings
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.event_options import UNQUEUED
from webui.form import Form, draw_form
from webui.html import paragraph, render
from webui.jobs import warm
from webui.layout import Tab, lead, page_errors
from webui.tabs.workshop import pruning

_LEAD = (
    "Make a new embedding from those you have: mix them, take one from another, calculate with "
    "words. Look at a picture of it before you save it."
)
# In the browser: a server's answer could replace what is typed while it comes.
_INSERT = """(sources, name, operation) => {
  if (!name) return [undefined, null];
  const [word, between] = operation === 'arithmetic' ? [`<${name}>`, ' + '] : [name, ', '];
  return [sources ? `${sources}${between}${word}` : word, null];
}"""


def draw(runner: Runner, base_model: Component, at_workshop: gr.Tab) -> list[Tab]:
    """Draw the tab; its two forms are returned for the browser to keep."""
    lead(_LEAD)
    with gr.Row(elem_classes="ti-columns"):
        with gr.Column(scale=5, min_width=320, elem_classes="ti-card"):
            insert = gr.Dropdown([], value=None, label="Add an embedding", elem_id="workshop-add")
            making = draw_form("workshop", WorkshopSettings, shared={"model": base_model})
        with gr.Column(scale=6, min_width=320):
            prompt = gr.Textbox(
                "a photo of [name]",
                label="Preview prompt",
                info="[name] stands for the new embedding.",
                elem_id="workshop-prompt",
            )
            with gr.Row(elem_classes="ti-buttons"):
                look = gr.Button("Preview", elem_id="workshop-preview-button")
                save = gr.Button("Make and save", variant="primary", elem_id="workshop-save-button")
            result = gr.HTML(elem_id="workshop-result-line")
            picture = gr.HTML(elem_id="workshop-preview")
    device = runner.device
    sources, operation = making.by_path["sources"], making.by_path["operation"]
    insert.input(None, [sources, insert, operation], [sources, insert], js=_INSERT, **UNQUEUED)
    at_workshop.select(_offered, None, insert, **UNQUEUED)
    look.click(
        lambda words, *values: _preview(making, values, words, device),
        [prompt, *making.controls],
        picture,
        api_visibility="private",
    )
    saved = save.click(
        lambda *values: _save(making, values, device),
        making.controls,
        result,
        api_visibility="private",
    )
    saved.success(_offered, None, insert, **UNQUEUED)
    return [Tab(making), pruning.draw(runner, base_model)]


def _offered() -> Any:
    return gr.update(choices=choices.embeddings())


def _preview(form: Form[WorkshopSettings], values: Any, prompt: str, device: DeviceLock) -> str:
    with page_errors(form):
        settings = form.settings(values)
        warm(device)
        from textual_inversion.embeddings.workshop.make import make_embedding
        from textual_inversion.generation.unsaved import draw_unsaved, preview_settings

        embedding = make_embedding(settings, choices.library(find_folder("embeddings")))
        with device.turn():
            made = draw_unsaved(embedding, preview_settings(prompt, settings.model))
        buffer = io.BytesIO()
        made.save(buffer, "PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return render("generate/live_preview", data=f"data:image/png;base64,{data}")


def _save(form: Form[WorkshopSettings], values: Any, device: DeviceLock) -> str:
    with page_errors(form):
        settings = form.settings(values)
        warm(device)
        from textual_inversion.embeddings.workshop.make import make_and_save

        path = make_and_save(settings, choices.library(find_folder("embeddings")))
    return paragraph(f"Made {path}.", style="done")
