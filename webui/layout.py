"""What the tabs share: their shape, and how a complaint reaches the user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from markupsafe import Markup, escape

from textual_inversion.errors import TextualInversionError
from webui.fields.mistakes import mistakes_html
from webui.form import Form
from webui.html import paragraph
from webui.polling import Part, Watched


@dataclass(frozen=True)
class Tab:
    """A drawn tab: its form, what it shows of jobs, and the events after which to look at once.

    `extras` are the components that other tabs have to do with.
    """

    form: Form[Any]
    parts: Sequence[Part | Watched] = ()
    events: list[Any] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)


@contextmanager
def page_errors(form: Form[Any] | None = None) -> Iterator[None]:
    """Show what the core refuses as one sentence on the page, and at the field of `form`."""
    try:
        yield
    except TextualInversionError as error:
        raise gr.Error(
            mistakes_html(error, form), title="Not done", print_exception=False
        ) from None


@contextmanager
def refusals_as_toasts() -> Iterator[None]:
    """Show what the core refuses as a toast, and go on after the block.

    Unlike `page_errors`, it does not write "Error" over everything that the event would have drawn.
    """
    try:
        yield
    except TextualInversionError as error:
        gr.Warning(escape(str(error)), title="Not done")


def buttons(job: str, start: str) -> tuple[gr.Button, gr.Button]:
    """Draw the button that starts a job and the one that interrupts it."""
    with gr.Row(elem_classes="ti-buttons"):
        begin = gr.Button(start, variant="primary", elem_id=f"{job}-start-button", min_width=140)
        stop = gr.Button(
            "Interrupt",
            variant="stop",
            elem_id=f"{job}-stop-button",
            min_width=140,
            interactive=False,
        )
    return begin, stop


def lead(text: str) -> None:
    """Draw at the head of a tab what it is for, in one paragraph."""
    gr.HTML(text if isinstance(text, Markup) else paragraph(text), elem_classes="ti-lead")
