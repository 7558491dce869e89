"""The Train tab: settings on the left, the run as it goes on the right."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import SettingsError
from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings
from webui import choices
from webui.charts import training_curves
from webui.charts.vectors_table import vectors_html
from webui.fields.wording import in_labels
from webui.folders.field import pictures_in
from webui.form import Form, draw_form
from webui.html import paragraph, render
from webui.layout import Tab, buttons, lead
from webui.polling import Part, start_button, stop_button
from webui.tabs import export, publish, requests
from webui.train import scrubber
from webui.train.best import BestButton
from webui.train.chart_options import ChartOptions
from webui.train.finding import FindingBar
from webui.train.loading import LoadButton
from webui.train.presets import PresetRow
from webui.train.question import Question
from webui.train.resuming import ResumeChoice
from webui.train.word_size import word_size
from webui.views.shell_command import command_line
from webui.views.status import facts_html, status_html

_LEAD = (
    "Only the new word's vectors learn; the model stays as it is. A run goes on when this page is "
    "closed, and Interrupt saves before it ends."
)
_IDLE = "Nothing is being trained. Choose an embedding and pictures, then press Train."
_UNCHOSEN = "embedding"


def draw(runner: Runner, worker: QueueWorker, base_model: Component) -> Tab:
    """Draw the tab."""
    lead(_LEAD)
    with gr.Row(elem_classes="ti-columns ti-watch"):
        with gr.Column(scale=5, min_width=320, elem_classes="ti-card", elem_id="train-settings"):
            finding, presets = FindingBar(), PresetRow(runner)
            form = _settings(base_model, presets)
            finding.listen(form)
            presets.listen(form, finding)
            take = gr.Button(
                "Take previews' values from Generate", size="sm", elem_id="train-take-button"
            )
            check = gr.Button("Check the data set", size="sm", elem_id="train-check-button")
        with gr.Column(scale=6, min_width=320, elem_classes="ti-sticky"):
            start, stop = buttons("train", "Train")
            resuming = ResumeChoice(form)
            question = Question(runner, resuming)
            with gr.Row(elem_classes="ti-buttons"):
                asked = requests.draw(runner, worker, form, resuming)
                best = BestButton(runner)
                load = LoadButton(runner)
            parts = _live(resuming.news)
            _show_command(form)
            export.draw(form.by_path["embedding"])
            publish.draw(form.by_path["embedding"])
    begun = question.listen(start)
    resuming.listen(best.used)
    load.listen(form)
    stopped = stop.click(lambda: runner.stop("train"), queue=False, api_visibility="private")
    parts += [start_button("train", start), stop_button("train", stop), *asked.parts]
    parts += [*resuming.parts, *best.parts, *load.parts]
    extras = {"take": take, "check": check, "replaced": [*begun, best.used]}
    return Tab(form, parts, [*begun, stopped, *asked.events], extras)


def _settings(base_model: Component, presets: PresetRow) -> Form[TrainSettings]:
    lists = {
        "template": choices.templates(),
        "embedding": [],
        "vae": choices.vaes(),
        "preset": choices.presets(),
    }
    # So that the first try is one click; the command line asks for the folder.
    sample = {"dataset_dir": choices.sample_pictures()}
    form = draw_form(
        "train",
        TrainSettings,
        choices=lists,
        initial=sample,
        notes=["learning_rate"],
        shared={"model": base_model},
        below={"dataset_dir": pictures_in, "preset": presets.draw},
    )
    form.explain(_curve, form.notes["learning_rate"])
    return form


def _curve(values: dict[str, Any]) -> str:
    """Draw the rate; it does not depend on the embedding, nor need one be chosen."""
    try:
        settings = TrainSettings.build(values, {"embedding": _UNCHOSEN})
        return training_curves.rate_chart(settings, word_size(settings.model))
    except SettingsError as error:
        return paragraph(in_labels(str(error), TrainSettings), style="wrong")


def _live(news: gr.HTML) -> list[Part]:
    """Draw what is seen of the run, the most telling first."""
    status = gr.HTML(elem_id="train-status-line")
    previews = scrubber.draw()
    ChartOptions().listen(news)
    chart = gr.HTML(elem_id="train-loss-chart")
    vectors = gr.HTML(elem_id="train-vectors")
    facts = gr.HTML(elem_id="train-run-facts")
    return [
        Part("train", status, lambda run: status_html(run, idle=_IDLE)),
        previews,
        Part(
            "train",
            chart,
            training_curves.loss_chart,
            _chart_state_key,
            of_begun=True,
            with_steps=True,
        ),
        Part("train", vectors, vectors_html, _vectors_state_key, of_begun=True),
        Part("train", facts, facts_html),
    ]


def _chart_state_key(run: Run) -> object:
    return [len(run.losses), len(run.evaluations), run.converged_step, run.state]


def _vectors_state_key(run: Run) -> object:
    return [run.measured[-1].step if run.measured else 0, run.first_step]


def _show_command(form: Form[TrainSettings]) -> None:
    with gr.Accordion("The command line that does the same", open=False):
        shown = gr.HTML(elem_id="train-command-line")
    form.explain(_command, shown)


def _command(values: dict[str, Any]) -> str:
    try:
        line = command_line("train", TrainSettings.build(values))
    except SettingsError as error:
        return paragraph(in_labels(str(error), TrainSettings), style="wrong")
    return render("preformatted", text=line)
