"""The base model, chosen once in the head of the page; every tab takes its model and size from it.

An embedding that was made on another model than the chosen one brings that model up here.
"""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import TextualInversionError
from textual_inversion.settings import DEFAULT_MODEL
from webui import choices
from webui.browser_storage import stored
from webui.event_options import UNQUEUED, WHILE_TYPING
from webui.html import paragraph, render

_LISTEN = """
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-model]');
  if (button) trigger('click', {model: button.dataset.model});
});
"""
# What was chosen while the page was still opening counts more than what was kept.
_RESTORE = f"""(kept, model) => {{
  window.baseModelIsRestored = true;
  return kept && model === {json.dumps(DEFAULT_MODEL)} ? kept : model;
}}"""
_KEEP = "model => window.baseModelIsRestored ? model : undefined"


class BaseModelChoice:
    """The drop-down, and a line on the chosen model or on the embedding that needs another."""

    def __init__(self) -> None:
        with gr.Column(min_width=280, elem_classes="ti-base-model"):
            self.control = gr.Dropdown(
                choices.models(),
                value=DEFAULT_MODEL,
                label="Base model",
                allow_custom_value=True,
                elem_id="base-model",
            )
            self._note = gr.HTML(
                elem_id="base-model-note", elem_classes="ti-note", js_on_load=_LISTEN
            )
        self._kept = stored("base-model", "")

    def listen(self, page: gr.Blocks, chosen: Component, inserted: Any, name: Component) -> None:
        """Restore the browser's choice; describe it beside the embedding that is chosen.

        After the event `inserted`, `name` is the embedding that a prompt was given.
        """
        model, note = self.control, self._note
        page.load(None, [self._kept, model], model, js=_RESTORE, **UNQUEUED)
        page.load(lambda: gr.update(choices=choices.models()), None, model, **UNQUEUED)
        model.change(None, model, self._kept, js=_KEEP, **WHILE_TYPING)
        gr.on(None, describe, [model, chosen], note, **WHILE_TYPING)
        inserted.then(describe, [model, name], note, **UNQUEUED)
        note.click(_proposed, None, model, **UNQUEUED)


def describe(model: str | None, embedding: str | None) -> str:
    """Describe the model by family, size and width, or propose the embedding's own instead."""
    from textual_inversion.models.catalog import describe_model

    try:
        info = describe_model(model or "")
    except TextualInversionError as error:
        return paragraph(str(error), style="wrong")
    if proposal := _proposal(info.name, info.widths, embedding):
        return proposal
    widths = " and ".join(str(width) for width in info.widths)
    size = f"{info.size} x {info.size} pixels"
    return paragraph(f"{info.family.title} · {size} · vectors of {widths} numbers")


def _proposal(model: str, widths: tuple[int, ...], embedding: str | None) -> str:
    """Propose the model that the embedding was made on; empty where that is `model`."""
    entry = choices.find_embedding(embedding) if embedding else None
    if entry is None or entry.base_model in {None, model}:
        return ""
    own = entry.base_model or ""
    if listed := choices.listed_model(own):
        return render("base_model_proposal", name=entry.name, own=own, listed=listed)
    if entry.widths != widths:
        return paragraph(
            f"{entry.name} was made on {own}, which is not in models/; it does not fit this base "
            "model.",
            style="wrong",
        )
    return ""


def _proposed(event: gr.EventData) -> str:
    return str(event.model)
