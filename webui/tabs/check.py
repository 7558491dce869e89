"""What is wrong with a data set, and what training on it will take: looked at before training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.jobs.runner import Runner
from textual_inversion.names import STAND_IN
from textual_inversion.runs.state import Run
from textual_inversion.settings import CheckSettings, TrainSettings
from webui import choices
from webui.event_options import UNQUEUED
from webui.folders.field import pictures_in
from webui.form import Form, draw_form
from webui.layout import Tab, buttons, lead, page_errors
from webui.polling import Part, start_button, stop_button
from webui.views import report
from webui.views.status import status_html

_LEAD = (
    "Look through a data set before it is trained on; nothing is changed. The estimate takes five "
    "true training steps with what the Train tab says, and keeps nothing of them."
)
_IDLE = "Name a folder, then press Check."
_NOT_ESTIMATED = "Time and memory are not estimated yet."
_HERE = {"dataset_dir": "folder", "embedding": "name"}


class Checking:
    """The drawn part: its form, what it shows of jobs, and what leads to it."""

    def __init__(self, runner: Runner, base_model: Component) -> None:
        self.runner = runner
        self.results = report.Results()
        lead(_LEAD)
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=4, min_width=320, elem_classes="ti-card"):
                lists = {"template": choices.templates(), "embedding": []}
                shared = {"model": base_model}
                self.form = draw_form(
                    "check",
                    CheckSettings,
                    choices=lists,
                    shared=shared,
                    below={"folder": pictures_in},
                )
            with gr.Column(scale=7, min_width=320):
                self.start, stop = buttons("check", "Check")
                self.parts = self._live()
                self.estimate, stop_estimate = buttons("probe", "Estimate time and memory")
                self.parts += self._live_estimate()
        begun = self.start.click(self._begin, self.form.controls, api_visibility="private")
        stopped = stop.click(lambda: runner.stop("check"), **UNQUEUED)
        stopped_estimate = stop_estimate.click(lambda: runner.stop("probe"), **UNQUEUED)
        self.events = [begun, stopped, stopped_estimate]
        self.parts += [start_button("check", self.start), stop_button("check", stop)]
        self.parts += [start_button("probe", self.estimate), stop_button("probe", stop_estimate)]

    def join(self, training: Tab, tabs: dict[str, gr.Tabs]) -> None:
        """Connect the estimate with the Train tab's settings, and that tab's button with this one.

        `tabs` are what to turn to which side for this part to be seen.
        """
        trained = training.form
        self.events.append(
            self.estimate.click(
                lambda *values: self._probe(trained, values),
                [*self.form.controls, *trained.controls],
                api_visibility="private",
            )
        )
        taken = training.extras["check"].click(
            lambda *values: [
                *self._updates(trained.values(values)),
                *(gr.Tabs(selected=side) for side in tabs),
            ],
            trained.controls,
            [*self.form.controls, *tabs.values()],
            **UNQUEUED,
        )
        begun = taken.then(self._begin, self.form.controls, api_visibility="private")
        self.events.append(begun)

    @staticmethod
    def list_embeddings() -> Any:
        """Offer the embeddings there are now."""
        return gr.update(choices=choices.embeddings())

    def _begin(self, *values: Any) -> None:
        with page_errors(self.form):
            settings = self.form.settings(values)
            job = report.checking(settings, self.results, self.runner.device)
            self.runner.start("check", job, name=Path(settings.folder).name)

    def _probe(self, trained: Form[TrainSettings], values: tuple[Any, ...]) -> None:
        with page_errors(self.form):
            size = len(self.form.controls)
            checked = self.form.settings(values[:size]).for_training()
            chosen = TrainSettings.changed(trained.values(values[size:]))
            named = {"embedding": chosen.pop("embedding", None) or STAND_IN}
            settings = TrainSettings.build(named, chosen, checked)
            job = report.probing(settings, self.results)
            self.runner.start("probe", job, name=Path(settings.dataset_dir).name)

    def _updates(self, trained: dict[str, Any]) -> list[Any]:
        """Lay the Train tab's values out here."""
        named = {_HERE.get(path, path): value for path, value in trained.items()}
        return self.form.updates(named)

    def _live(self) -> list[Part]:
        status = gr.HTML(elem_id="check-status-line")
        panel = gr.HTML(elem_id="check-report")
        return [
            Part("check", status, lambda run: status_html(run, idle=_IDLE)),
            Part("check", panel, lambda run: report.report_html(run, self.results), _state),
        ]

    def _live_estimate(self) -> list[Part]:
        status = gr.HTML(elem_id="probe-status-line")
        sentence = gr.HTML(elem_id="probe-estimate")
        return [
            Part("probe", status, lambda run: status_html(run, idle=_NOT_ESTIMATED)),
            Part("probe", sentence, lambda run: report.estimate_html(run, self.results), _state),
        ]


def _state(run: Run) -> object:
    return run.state
