"""Words that fit the user's pictures: ranked by the base model's loss, or said by BLIP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from textual_inversion.events import Event, Finished
from textual_inversion.jobs.runner import Job, Runner
from textual_inversion.runs.requests import Control
from textual_inversion.runs.state import Run
from textual_inversion.settings import SuggestSettings
from webui import choices
from webui.event_options import UNQUEUED
from webui.folders.allowed import ALLOWED
from webui.form import draw_form
from webui.html import render
from webui.layout import page_errors
from webui.polling import Part, start_button, stop_button
from webui.views.status import status_html

if TYPE_CHECKING:
    from textual_inversion.evaluation.suggest import Suggestion

_IDLE = "Name the folder of your pictures, then press Rank words; a minute or more."
_LISTEN = """
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-word]');
  if (button) trigger('click', {word: button.dataset.word});
});
"""


@dataclass
class Found:
    """What the newest job found."""

    words: list[Suggestion] = field(default_factory=list)
    caption: str = ""


class Suggesting:
    """The drawn part; `table` is what is pressed to take a word."""

    def __init__(self, runner: Runner, base_model: Component) -> None:
        self.runner = runner
        self.found = Found()
        with gr.Accordion("Find words that fit your pictures", open=False, elem_id="suggest-part"):
            shared = {"model": base_model}
            initial = {"folder": choices.sample_pictures()}
            self.form = draw_form("suggest", SuggestSettings, initial=initial, shared=shared)
            with gr.Row(elem_classes="ti-buttons"):
                rank = gr.Button("Rank words", elem_id="suggest-start-button", min_width=120)
                ask = gr.Button("Ask BLIP", elem_id="suggest-blip-button", min_width=120)
                stop = gr.Button(
                    "Interrupt",
                    variant="stop",
                    elem_id="suggest-stop-button",
                    min_width=120,
                    interactive=False,
                )
            status = gr.HTML(elem_id="suggest-status-line")
            self.table = gr.HTML(elem_id="suggest-table", js_on_load=_LISTEN)
        self.parts = [
            Part("suggest", status, lambda run: status_html(run, idle=_IDLE)),
            Part("suggest", self.table, self._draw, lambda run: run.state),
            start_button("suggest", rank),
            start_button("suggest", ask),
            stop_button("suggest", stop),
        ]
        self.events = [
            rank.click(self._begin, self.form.controls, api_visibility="private"),
            ask.click(self._ask, self.form.by_path["folder"], api_visibility="private"),
            stop.click(lambda: runner.stop("suggest"), **UNQUEUED),
        ]

    def fill(self, text: Component) -> None:
        """Put a word that is pressed into the initialization text."""
        self.table.click(_pressed, None, text, **UNQUEUED)

    def _begin(self, *values: Any) -> None:
        with page_errors(self.form):
            settings = self.form.settings(values)
            name = Path(settings.folder).name
            self.runner.start("suggest", _ranking(settings, self.found), name=name)

    def _ask(self, folder: str | None) -> None:
        with page_errors(self.form):
            # The other fields have nothing to do with it.
            folder_path = Path(SuggestSettings.build({"folder": folder or ""}).folder)
            ALLOWED.check(str(folder_path))
            self.runner.start("suggest", _asking(folder_path, self.found), name=folder_path.name)

    def _draw(self, run: Run | None) -> Markup:
        found = self.found
        if run is None or run.is_active or not (found.words or found.caption):
            return Markup()
        return render("tabs/suggestions", words=found.words, caption=found.caption)


def _pressed(event: gr.EventData) -> str:
    return str(event.word)


def _ranking(settings: SuggestSettings, found: Found) -> Job:
    def job(control: Control) -> Iterator[Event]:
        from textual_inversion.evaluation.suggest import suggest_words

        found.words = []
        found.words = yield from suggest_words(settings, control)
        yield Finished(0, "finished" if found.words else "stopped")

    return job


def _asking(folder_path: Path, found: Found) -> Job:
    def job(control: Control) -> Iterator[Event]:
        from preprocessing.captioners.interrogate import interrogate

        found.caption = ""
        found.caption = yield from interrogate(folder_path, control.stop)
        yield Finished(0, "finished")

    return job
