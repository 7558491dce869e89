"""The Create Embedding tab: a name, a start, a number of vectors."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from textual_inversion.errors import TextualInversionError
from textual_inversion.settings import CreateSettings
from webui import lookups
from webui.form import Form, draw_form
from webui.tabs.parts import Tab, complaints, lead

_LEAD = (
    "Give your subject a word of its own. It starts from words that say roughly what it is; "
    "training then moves it to exactly what your pictures show."
)
_UNNAMED = "unnamed"


def draw() -> Tab:
    """Draw the tab."""
    lead(_LEAD)
    with gr.Column(elem_classes="ti-narrow ti-card"):
        form = draw_form(
            "create",
            CreateSettings,
            choices={"model": lookups.models()},
            notes=["initialization_text"],
        )
        button = gr.Button("Create embedding", variant="primary", elem_id="create-start-button")
        result = gr.HTML(elem_id="create-result-line")
    form.explain(_start, form.notes["initialization_text"])
    created = button.click(
        lambda *values: _create(form, values), form.controls, result, api_visibility="private"
    )
    return Tab(form, extras={"created": created})


def _create(form: Form[CreateSettings], values: tuple[Any, ...]) -> str:
    with complaints():
        settings = form.settings(values)
        from textual_inversion.create import create

        path = create(settings)
    return (
        f'<p class="ti-done">Created <b>{escape(settings.name)}</b> in {escape(str(path))}. '
        "It is chosen on the Train tab.</p>"
    )


def _start(values: dict[str, Any]) -> str:
    """Say which tokens the text becomes; the name does not matter for that, nor need it be set."""
    try:
        settings = CreateSettings.build(values, {"name": _UNNAMED})
        from textual_inversion.create import describe_start

        return f"<p>{escape(describe_start(settings))}</p>"
    except TextualInversionError as error:
        return f'<p class="ti-wrong">{escape(str(error))}</p>'
