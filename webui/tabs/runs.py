"""The Runs tab: the queue, and every training there is or was, side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr

from textual_inversion.errors import TrainingError
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.runs.history import Row
from textual_inversion.runs.requests import REQUESTS, leave_request
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder
from webui.event_options import HEAR_BUTTONS, QUIET
from webui.form import Form
from webui.html import render
from webui.layout import lead, page_errors
from webui.polling import Part, Watched
from webui.views.runs_table import RunsTable, open_runs_table

_LEAD = (
    "Trainings that wait run one after another, with their settings as they were; one that fails "
    "does not hold up the rest. The page and the command line share this queue."
)
# The table changes every second; its buttons are heard wherever they stand.


class Runs:
    """The drawn tab: what it shows, and the events after which to look at once."""

    def __init__(self, worker: QueueWorker) -> None:
        self.worker = worker
        self.table = open_runs_table(worker.queue, find_folder("runs"))
        lead(_LEAD)
        with gr.Row(elem_classes="ti-buttons"):
            gr.HTML(render("heading", text="Queue"), elem_classes="ti-lead")
            self._start = gr.Button(
                "Start the queue",
                visible=False,
                scale=0,
                min_width=180,
                elem_id="runs-start-button",
            )
        self._queue = gr.HTML(elem_id="runs-queue-list", js_on_load=HEAR_BUTTONS)
        gr.HTML(render("heading", text="Runs"), elem_classes="ti-lead")
        self._table = gr.HTML(elem_id="runs-table", js_on_load=HEAR_BUTTONS)

    @property
    def parts(self) -> list[Part | Watched]:
        """What is drawn again when it changes."""
        table = self.table
        return [
            Watched(self._queue, table.queue_html, table.queue_state_key),
            Watched(self._table, table.runs_html, table.runs_state_key),
            Watched(self._start, lambda: gr.update(visible=table.is_idle()), table.is_idle),
        ]

    def listen(self, form: Form[TrainSettings], tabs: gr.Tabs) -> list[Any]:
        """Hear the buttons; a run's settings go into the Train tab's form."""

        def on_ticket(event: gr.EventData) -> None:
            act_on_ticket(self.worker, self.table, str(event.do), str(event.which))

        def on_run(event: gr.EventData) -> list[Any]:
            row = act_on_run(self.worker, self.table, str(event.do), str(event.which))
            if row is None:
                return [gr.skip() for _ in (*form.controls, tabs)]
            return [*form.updates(row.settings), gr.Tabs(selected="train")]

        return [
            self._start.click(self.worker.wake, **QUIET),
            self._queue.click(on_ticket, **QUIET),
            self._table.click(on_run, None, [*form.controls, tabs], **QUIET),
        ]


def act_on_ticket(worker: QueueWorker, table: RunsTable, do: str, which: str) -> None:
    """Do what a button of the queue says; what is there no more is left alone."""
    queue = worker.queue
    match do:
        case "up":
            queue.move(which, -1)
        case "down":
            queue.move(which, 1)
        case "remove":
            queue.remove(which)
        case "retry":
            queue.retry(which)
            worker.wake()
        case _:
            pass
    table.forget()


def act_on_run(worker: QueueWorker, table: RunsTable, do: str, which: str) -> Row | None:
    """Do what a button of the table says; return the run whose settings are to be shown, if any."""
    row = table.row(which)
    if row is None:
        return None
    with page_errors():
        if do == "resume":
            _go_on(worker, row)
        elif do in REQUESTS:
            leave_request(row.folder, next(request for request in REQUESTS if request == do))
    table.forget()
    return row if do == "settings" else None


def _go_on(worker: QueueWorker, row: Row) -> None:
    if not row.can_go_on:
        raise TrainingError(f"The run {row.folder} cannot go on; train its embedding anew.")
    worker.queue.add(TrainSettings.build(row.settings, {"resume": str(row.folder)}))
    worker.wake()
