"""The Runs tab: the queue, and every training there is or was, side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import TrainingError
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.runs.history import Row
from textual_inversion.runs.past.removing import delete_run, deleted_runs, undelete_run
from textual_inversion.runs.requests import REQUESTS, leave_request
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.paths import find_folder
from webui.event_options import HEAR_BUTTONS, QUIET
from webui.form import Form
from webui.html import render
from webui.layout import lead, page_errors
from webui.polling import Part, Watched
from webui.runs.columns import COLUMNS
from webui.runs.opened import MOST_OPEN, OpenedRuns
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
        self.log_dir = find_folder("runs")
        self.table = open_runs_table(worker.queue, self.log_dir, worker.runner)
        lead(_LEAD)
        with gr.Row(elem_classes="ti-buttons"):
            gr.HTML(render("heading", text="Queue"), elem_classes="ti-lead")
            self._start = _button("Start the queue", "runs-start-button")
        self._working = gr.HTML(elem_id="runs-working-list", js_on_load=HEAR_BUTTONS)
        self._queue = gr.HTML(elem_id="runs-queue-list", js_on_load=HEAR_BUTTONS)
        with gr.Row(elem_classes="ti-buttons"):
            gr.HTML(render("heading", text="Runs"), elem_classes="ti-lead")
            self._undo = _button("Undo", "runs-undo-button")
        self._columns = gr.HTML(elem_id="runs-columns", js_on_load=COLUMNS, apply_default_css=False)
        self._table = gr.HTML(elem_id="runs-table", js_on_load=HEAR_BUTTONS)
        self.opened = OpenedRuns(self.log_dir)

    @property
    def parts(self) -> list[Part | Watched]:
        """What is drawn again when it changes."""
        table = self.table
        return [
            Watched(self._working, table.working_html, table.working_state_key, is_direct=True),
            Watched(self._queue, table.queue_html, table.queue_state_key),
            Watched(self._columns, table.columns_html, table.columns_state_key),
            Watched(self._table, table.runs_html, table.runs_state_key, is_direct=True),
            Watched(self._start, lambda: gr.update(visible=table.is_idle()), table.is_idle),
            Watched(self._undo, self._undo_update, self._undo_label),
        ]

    def listen(self, page: gr.Blocks, form: Form[TrainSettings], tabs: gr.Tabs) -> list[Any]:
        """Hear the buttons; a run's settings go into the Train tab's form."""

        def on_ticket(event: gr.EventData) -> None:
            act_on_ticket(self.worker, self.table, str(event.do), str(event.which))

        def on_run(keys: str, event: gr.EventData) -> dict[Component | gr.Tabs, Any]:
            do, which = str(event.do), str(event.which)
            row = act_on_run(self.worker, self.table, do, which)
            if row is not None:
                filled = zip(form.controls, form.updates(row.settings), strict=True)
                return {**dict(filled), tabs: gr.Tabs(selected="train")}
            return self._look_at(keys, do, which)

        self.opened.listen(page)
        outputs = [*form.controls, tabs, *self.opened.outputs]
        pressed = [
            shown.click(on_run, self.opened.keys, outputs, **QUIET)
            for shown in (self._table, self._working)
        ]
        self.opened.follow(pressed[0])
        return [
            self._start.click(self.worker.wake, **QUIET),
            self._queue.click(on_ticket, **QUIET),
            self._undo.click(self._put_back, **QUIET),
            *pressed,
        ]

    def _look_at(self, keys: str, do: str, which: str) -> dict[Component | gr.Tabs, Any]:
        """Draw what is open after a press of Open, Compare or Delete."""
        named = keys_after(do, which, (keys or "").splitlines())
        values = self.opened.opened("\n".join(named)) if do in _OPENS else [gr.skip()] * 2
        return dict(zip(self.opened.outputs, values, strict=True))

    def _put_back(self) -> None:
        with page_errors():
            undelete_run(self.log_dir)
        self.table.forget()

    def _undo_label(self) -> str:
        deleted = deleted_runs(self.log_dir)[:1]
        return f"Undo: put back {deleted[0].place}/{deleted[0].name}" if deleted else ""

    def _undo_update(self) -> Any:
        label = self._undo_label()
        return gr.update(value=label or "Undo", visible=bool(label))


_OPENS = {"open", "compare", "delete"}


def keys_after(do: str, which: str, keys: list[str]) -> list[str]:
    """Say which runs are open after a press: another one, one beside the first, or one less."""
    others = [key for key in keys if key != which]
    match do:
        case "open":
            return [which]
        case "compare":
            return [*others[: MOST_OPEN - 1], which]
        case "delete":
            return others
        case _:
            return keys


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
    if do == "stop" and not which:  # one that loads has no folder to leave a request in
        worker.runner.stop("train")
    row = table.row(which)
    if row is None:
        return None
    with page_errors():
        if do == "resume":
            _go_on(worker, row)
        elif do == "delete":
            delete_run(table.table.log_dir, row.folder)
        elif do in REQUESTS:
            leave_request(row.folder, next(request for request in REQUESTS if request == do))
    table.forget()
    return row if do == "settings" else None


def _go_on(worker: QueueWorker, row: Row) -> None:
    if not row.can_go_on:
        raise TrainingError(f"The run {row.folder} cannot go on; train its embedding anew.")
    worker.queue.add_once(TrainSettings.build(row.settings, {"resume": str(row.folder)}))
    worker.wake()


def _button(label: str, elem_id: str) -> gr.Button:
    return gr.Button(label, visible=False, scale=0, min_width=180, elem_id=elem_id)
