"""The Grids tab: pictures side by side, thumbs for each, and a snapshot that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import StorageError
from textual_inversion.generation.grids.axes import list_axes
from textual_inversion.generation.grids.manifest import list_grids
from textual_inversion.generation.grids.votes import vote
from textual_inversion.jobs.runner import Runner
from textual_inversion.names import strip_brackets
from textual_inversion.settings import GridSettings
from textual_inversion.storage.paths import find_folder
from webui import choices, jobs
from webui.event_options import HEAR_BUTTONS, QUIET, UNQUEUED
from webui.form import draw_form
from webui.html import paragraph
from webui.layout import Tab, buttons, lead, page_errors
from webui.polling import Part, Watched, start_button, stop_button
from webui.views.grid import cell_html, find_grid, key_of, newest, sheet_html, sheet_state_key
from webui.views.status import status_html, warnings_html

_LEAD = (
    "Judge an embedding beside itself: snapshots of a run, prompts, seeds, weights or samplers in "
    "rows and columns. Cells that were drawn before come at once."
)
_IDLE = "Choose what the columns and rows vary, then press Draw grid."
# The slider changes the picture in the browser; the server hears of it when it is let go.
_SLIDE = """
const step = event => {
  const slider = event.target.closest('input[type=range]');
  return slider && slider.closest('label').querySelectorAll('[data-which]')[slider.value];
};
element.addEventListener('input', event => {
  const shown = step(event);
  if (!shown) return;
  element.querySelector('figure img').src = shown.dataset.picture;
  element.querySelector('figcaption').textContent = shown.textContent;
  event.target.setAttribute('aria-valuetext', shown.textContent);
});
element.addEventListener('change', event => {
  const shown = step(event);
  if (shown) trigger('click', {do: 'look', which: shown.dataset.which});
});
"""


class Grids:
    """The drawn tab: its form, what it shows, and the events after which to look at once."""

    def __init__(self, runner: Runner, base_model: Component) -> None:
        self.runner = runner
        lead(_LEAD)
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="ti-card"):
                lists = {"axis": list_axes(), "run": choices.runs(), "vae": choices.vaes()}
                shared = {"model": base_model}
                initial = {"columns": "prompt", "rows": "step"}
                self.form = draw_form(
                    "grid", GridSettings, choices=lists, initial=initial, shared=shared
                )
            with gr.Column(scale=6, min_width=320):
                start, stop = buttons("grid", "Draw grid")
                status = gr.HTML(elem_id="grid-status-line")
                warnings = gr.HTML(elem_id="grid-warning-list")
                self._draw_sheet()
        begun = start.click(self._begin, self.form.controls, api_visibility="private")
        stopped = stop.click(lambda: runner.stop("grid"), queue=False, api_visibility="private")
        self.parts: list[Part | Watched] = [
            Part("grid", status, lambda run: status_html(run, idle=_IDLE)),
            Part("grid", warnings, warnings_html, lambda run: len(run.warnings)),
            Watched(self.sheet, lambda: sheet_html(self._newest()), self._state_key),
            start_button("grid", start),
            stop_button("grid", stop),
        ]
        self.events = [begun, stopped, *self._listen()]

    def refresh(self, opened: Any) -> None:
        """List the runs and the older grids anew when the tab is opened."""
        outputs = [self.form.by_path["run"], self.older]
        opened(self._lists, None, outputs, **UNQUEUED)

    def _draw_sheet(self) -> None:
        self.older = gr.Dropdown(
            [], value=None, label="Look at an earlier grid", elem_id="grid-older-choice"
        )
        self.sheet = gr.HTML(elem_id="grid-sheet", js_on_load=HEAR_BUTTONS)
        self.closer = gr.HTML(elem_id="grid-cell", js_on_load=_SLIDE)
        self.chosen = gr.Textbox(visible=False)
        with gr.Row(elem_classes="ti-row"):
            self.name = gr.Textbox(
                label="Keep these vectors as",
                info="Choose a cell, and a name that no embedding has yet.",
                elem_id="grid-keep-name",
                min_width=200,
            )
            self.keep = gr.Button("Keep", elem_id="grid-keep-button", min_width=120, scale=0)
        self.kept = gr.HTML(elem_id="grid-keep-line")

    def _listen(self) -> list[Any]:
        outputs = [self.sheet, self.closer, self.chosen]
        self.older.input(lambda key: self._shown(key or ""), self.older, self.sheet, **UNQUEUED)
        self.keep.click(self._keep, [self.chosen, self.name], self.kept, **QUIET)
        return [
            self.sheet.click(self._act, None, outputs, **QUIET),
            self.closer.click(self._act, None, outputs, **QUIET),
        ]

    def _begin(self, *values: Any) -> None:
        with page_errors(self.form):
            settings = self.form.settings(values)
            self.runner.start("grid", jobs.drawing_grid(settings))

    def _act(self, event: gr.EventData) -> tuple[Any, Any, Any]:
        """Do what a button of a cell says: look closer, or a thumb."""
        do, which = str(event.do), str(event.which)
        with page_errors():
            folder, file = self._cell(which)
            if do == "look":
                return gr.skip(), cell_html(folder, file), which
            self._vote(folder, file, do)
            return sheet_html(folder), gr.skip(), gr.skip()

    def _vote(self, folder: Path, file: str, do: str) -> None:
        if do in ("up", "down"):
            vote(folder, file, "up" if do == "up" else "down")

    def _keep(self, which: str, name: str | None) -> str:
        with page_errors():
            if not which:
                raise StorageError("Choose a cell first: press its picture in the grid.")
            folder, file = self._cell(which)
            with self.runner.device.turn():
                from textual_inversion.generation.grids.keeping import keep_embedding

                library = choices.library(find_folder("embeddings"))
                path = keep_embedding(folder, file, name or "", library)
        return paragraph(f"Kept as {strip_brackets(name or '')} in {path}.", style="done")

    def _cell(self, which: str) -> tuple[Path, str]:
        """Find the folder and the file that a button names."""
        key, _, file = which.rpartition("/")
        folder = find_grid(key, self.runner.run("grid"))
        if folder is None:
            raise StorageError(f"The grid {key[:60]!r} is not there any more; draw it again.")
        return folder, file

    def _shown(self, key: str) -> str:
        return sheet_html(find_grid(key, self.runner.run("grid")) or self._newest())

    def _newest(self) -> Path | None:
        return newest(self.runner.run("grid"))

    def _state_key(self) -> object:
        return sheet_state_key(self._newest(), self.runner.run("grid"))

    def _lists(self) -> tuple[Any, Any]:
        older = [key_of(folder) for folder in list_grids(find_folder("outputs"))]
        return gr.update(choices=choices.runs()), gr.update(choices=older)


def draw(runner: Runner, base_model: Component) -> Tab:
    """Draw the tab, its head included."""
    with gr.Tab("Grids", id="grids") as opened:
        drawn = Grids(runner, base_model)
    drawn.refresh(opened.select)
    return Tab(drawn.form, drawn.parts, drawn.events)
