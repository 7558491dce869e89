"""The queue and the table of runs as HTML, read from disk once a second for all pages together."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from textual_inversion.jobs.queue import Queue, Ticket
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.folder import run_key
from textual_inversion.runs.history import Row, RunHistory, differing
from textual_inversion.runs.wording import duration, value_words
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk
from webui.html import paragraph, render
from webui.views.shell_command import command_line
from webui.views.working import ACTIVE, Working, with_own_state, working, working_html

# What the buttons of a row do, and their labels.
Actions = list[tuple[str, str]]

_SHOWN = 30
_FRESH_SECONDS = 0.9
_FACTS = {"state": "State", "step": "Step", "loss": "Loss", "best": "Best"}
_LABELS = {knob.path: knob.ui.label for knob in walk(TrainSettings)}
_DEFAULTS = {knob.path: knob.default for knob in walk(TrainSettings)}


class RunsTable:
    """What waits and what was trained, as it was a second ago at most."""

    def __init__(self, queue: Queue, table: RunHistory, runner: Runner | None = None) -> None:
        self.queue = queue
        self.table = table
        self._runner = runner
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._rows: list[Row] = []
        self._tickets: list[Ticket] = []
        self._working: list[Working] = []
        self._is_worked = False

    def forget(self) -> None:
        """Look anew at the next chance, because something was changed here."""
        self._looked = float("-inf")

    def row(self, name: str) -> Row | None:
        """Find a run by the name that its buttons carry."""
        self._look()
        return next((row for row in self._rows if run_key(row.folder) == name), None)

    def queue_html(self) -> Markup:
        """Draw what waits and what has failed."""
        self._look()
        return queue_html(self._tickets, is_worked=self._is_worked)

    def working_html(self) -> Markup:
        """Draw what is being trained, at the head of the queue."""
        self._look()
        return working_html(self._working)

    def columns_html(self) -> Markup:
        """Draw the list of columns to choose from."""
        self._look()
        return render("runs/columns", columns=_columns(self._rows)) if self._rows else Markup()

    def runs_html(self) -> Markup:
        """Draw the table."""
        self._look()
        return runs_html(self._rows)

    def queue_state_key(self) -> object:
        """Mark a state of the queue."""
        self._look()
        stands = [(ticket.path.name, ticket.problem) for ticket in self._tickets]
        return _digest([stands, self._is_worked])

    def working_state_key(self) -> object:
        """Mark a state of what is being trained."""
        self._look()
        return _digest(self._working)

    def columns_state_key(self) -> object:
        """Mark a set of columns."""
        self._look()
        return _digest(_columns(self._rows) if self._rows else None)

    def runs_state_key(self) -> object:
        """Mark a state of the table."""
        self._look()
        return _digest(self._rows)

    def is_idle(self) -> bool:
        """Whether trainings wait and no worker runs them."""
        self._look()
        return bool(self._tickets) and not self._is_worked and any(map(_waits, self._tickets))

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() - self._looked < _FRESH_SECONDS:
                return
            own = self._runner.run("train") if self._runner else None
            self._rows = [with_own_state(row, own) for row in self.table.rows(_SHOWN)]
            self._working = working(self._rows, own)
            self._is_worked = self.queue.is_worked
            self._tickets = self.queue.unworked()
            self._looked = time.monotonic()


def queue_html(tickets: Sequence[Ticket], *, is_worked: bool) -> Markup:
    """Draw the queue with a row of buttons for each."""
    if not tickets:
        empty = 'Nothing waits. "Add to queue" on the Train tab puts it here.'
        return paragraph(empty, style="none")
    is_idle = not is_worked and any(map(_waits, tickets))
    items = [(ticket, _command(ticket), _ticket_actions(ticket)) for ticket in tickets]
    return render("views/queue", tickets=items, is_idle=is_idle)


def _waits(ticket: Ticket) -> bool:
    return ticket.state != "failed"


def _command(ticket: Ticket) -> str:
    return command_line("train", ticket.settings) if ticket.settings else ""


def _ticket_actions(ticket: Ticket) -> Actions:
    if _waits(ticket):
        return [("up", "Up"), ("down", "Down"), ("remove", "Remove")]
    again = [("retry", "Again")] if ticket.settings else []
    return [*again, ("remove", "Remove")]


def runs_html(rows: Sequence[Row]) -> Markup:
    """Draw the runs, and of their settings those in which they differ."""
    if not rows:
        return paragraph("No runs yet.", style="none")
    paths = differing(rows)
    return render("views/runs", columns=_columns(rows), rows=[_row(row, paths) for row in rows])


def _columns(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """List the columns as (id, label); the settings among them are those in which runs differ."""
    return [*_FACTS.items(), *((path, _LABELS[path]) for path in differing(rows))]


def _row(row: Row, paths: Sequence[str]) -> tuple[Row, str, str, list[tuple[str, str]], Actions]:
    """Compute what a row of the table shows: run, key, time left, further cells, buttons."""
    time_left = f"· {duration(row.seconds_left)} left" if row.seconds_left else ""
    cells = [
        ("step", f"{row.step} / {row.total}"),
        ("loss", _number(row.loss)),
        ("best", _number(row.best) + (f" at {row.best_step}" if row.best else "")),
        *((path, value_words(row.settings.get(path, _DEFAULTS[path]))) for path in paths),
    ]
    return row, run_key(row.folder), time_left, cells, _run_actions(row)


def _run_actions(row: Row) -> Actions:
    looking = [("open", "Open"), ("compare", "Compare"), ("settings", "Settings")]
    if row.state in ACTIVE:
        return looking
    return [*looking, *([("resume", "Go on")] if row.can_go_on else []), ("delete", "Delete")]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def open_runs_table(queue: Queue, log_dir: Path, runner: Runner | None = None) -> RunsTable:
    """Make the table of a queue and a log directory; `runner` works this process's trainings."""
    return RunsTable(queue, RunHistory(log_dir), runner)
