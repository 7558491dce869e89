"""The Sweep tab: what varies, the runs as they go, and the one that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import BusyError, StorageError, TextualInversionError
from textual_inversion.jobs.runner import Runner
from textual_inversion.names import strip_brackets
from textual_inversion.settings import SweepFormSettings, TrainSettings
from textual_inversion.settings.comparison.many_runs import Rank
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.past import read_plan
from textual_inversion.sweeps.plan import Plan
from webui import choices
from webui.event_options import HEAR_BUTTONS, QUIET, UNQUEUED, WHILE_TYPING
from webui.fields.mistakes import Mistake
from webui.form import Form, draw_form
from webui.html import paragraph, render
from webui.layout import Tab, buttons, lead, page_errors
from webui.polling import Part, Watched, start_button, stop_button
from webui.sweep.job import LiveSweep
from webui.sweep.outlook import outlook_html
from webui.sweep.planning import begin, knob_choices, make_plan
from webui.sweep.shown import ShownSweep, find_record, list_offers
from webui.views.status import status_html, warnings_html

_LEAD = (
    "Train one word under many settings at once, in one batch. Everything that does not vary here "
    "is as the Train tab says; each run makes an embedding of its own, from the text and the "
    "number of vectors below."
)
_IDLE = "Choose settings and their values, then press Start sweep."


class Sweep:
    """The drawn tab: its form, what it shows, and the events after which to look at once."""

    def __init__(
        self, runner: Runner, base_model: Component, training: Form[TrainSettings]
    ) -> None:
        self.runner = runner
        self.shown = ShownSweep()
        lead(_LEAD)
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=5, min_width=320, elem_classes="ti-card"):
                fields = SweepFormSettings.model_fields
                shared = {path: c for path, c in training.by_path.items() if path in fields}
                lists = {"knob": knob_choices()}
                self.form = draw_form("sweep", SweepFormSettings, choices=lists, shared=shared)
            with gr.Column(scale=6, min_width=320):
                outlook = gr.HTML(elem_id="sweep-outlook")
                start, stop = buttons("sweep", "Start sweep")
                status = gr.HTML(elem_id="sweep-status-line")
                warnings = gr.HTML(elem_id="sweep-warning-list")
                self._draw_runs()
                self._draw_earlier()
        self._tell(outlook, training, base_model)
        begun = start.click(self._begin, self.form.controls, api_visibility="private")
        stopped = stop.click(lambda: runner.stop("sweep"), queue=False, api_visibility="private")
        self.parts: list[Part | Watched] = [
            Part("sweep", status, lambda run: status_html(run, idle=_IDLE)),
            Part("sweep", warnings, warnings_html, lambda run: len(run.warnings)),
            Watched(self.runs, self.shown.html, self.shown.state_key, is_direct=True),
            start_button("sweep", start),
            stop_button("sweep", stop),
        ]
        self.events = [begun, stopped, *self._listen()]

    def refresh(self, opened: Any) -> None:
        """List the sweeps anew when the tab is opened."""
        opened(lambda: gr.update(choices=list_offers()), None, self.earlier, **UNQUEUED)

    def _draw_earlier(self) -> None:
        with gr.Row(elem_classes="ti-row"):
            self.earlier = gr.Dropdown(
                [],
                value=None,
                label="Look at an earlier sweep",
                info="One that was interrupted goes on exactly where it was.",
                elem_id="sweep-earlier-choice",
                min_width=200,
            )
            self.resume = gr.Button("Go on", elem_id="sweep-resume-button", min_width=120, scale=0)
        self.looked = gr.HTML(elem_id="sweep-looked-at", js_on_load=HEAR_BUTTONS)

    def _draw_runs(self) -> None:
        self.name = gr.Textbox(
            label="Keep a run's vectors as",
            info="A name that no embedding has yet; then press Keep this one beside a run.",
            elem_id="sweep-keep-name",
        )
        self.kept = gr.HTML(elem_id="sweep-keep-line")
        self.runs = gr.HTML(elem_id="sweep-runs", js_on_load=HEAR_BUTTONS)

    def _listen(self) -> list[Any]:
        self.earlier.input(self._look_at, self.earlier, self.looked, **UNQUEUED)
        for drawn in (self.runs, self.looked):
            drawn.click(self._keep, self.name, self.kept, **QUIET)
        return [self.resume.click(self._go_on, self.earlier, api_visibility="private")]

    def _tell(self, outlook: gr.HTML, training: Form[TrainSettings], base_model: Component) -> None:
        """Say while one types how many runs there are, by the stored values of both forms."""
        own = self.form.own_paths

        def told(kept: Any, trained: Any, model: str) -> str:
            values = {**self.form.initial, **training.known(trained), "model": model}
            mine = self.form.known(kept)
            values |= {path: mine[path] for path in own}
            known = SweepFormSettings.model_fields
            return outlook_html({path: values[path] for path in values if path in known})

        gr.on(None, told, [self.form.kept, training.kept, base_model], outlook, **WHILE_TYPING)

    def _begin(self, *values: Any) -> None:
        with page_errors(self.form):
            settings = self.form.settings(values)
            self._start(make_plan(settings), settings.rank)

    def _go_on(self, name: str | None) -> None:
        with _said_of("sweep-earlier-choice"):
            if not name:
                raise StorageError("Choose the sweep in this list that is to go on.")
            self._start(read_plan(find_record(name))[0], self.shown.rank)

    def _start(self, plan: Plan, rank: Rank) -> None:
        running = self.runner.run("sweep")
        if running is not None and running.is_active:
            raise BusyError(f"The sweep {running.name} is being trained; stop it, or wait.")
        begin(plan)
        live = LiveSweep(plan)
        self.runner.start("sweep", live.job, name=plan.name)
        self.shown.live, self.shown.rank = live, rank
        self.shown.forget()

    def _look_at(self, name: str | None) -> str:
        with page_errors():
            return self.shown.html_of(find_record(name)) if name else ""

    def _keep(self, name: str | None, event: gr.EventData) -> str:
        with _said_of("sweep-keep-name"), self.runner.device.turn():
            from textual_inversion.sweeps.keeping import keep_run

            library = choices.library(find_folder("embeddings"))
            path = keep_run(str(event.which), name or "", library)
        return paragraph(f"Kept as {strip_brackets(name or '')} in {path}.", style="done")


@contextmanager
def _said_of(field: str) -> Iterator[None]:
    """Show what the core refuses at a field that is in no form."""
    try:
        yield
    except TextualInversionError as error:
        text = render("fields/mistakes", mistakes=[Mistake(str(error), field)])
        raise gr.Error(text, title="Not done", print_exception=False) from None


def draw(runner: Runner, base_model: Component, training: Form[TrainSettings]) -> Tab:
    """Draw the tab, its head included; what does not vary is as the form `training` says."""
    with gr.Tab("Sweep", id="sweep") as opened:
        drawn = Sweep(runner, base_model, training)
    drawn.refresh(opened.select)
    return Tab(drawn.form, drawn.parts, drawn.events)
