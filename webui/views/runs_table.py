"""The queue and the table of runs as HTML, read from disk once a second for all pages together.

Whatever a user or a file has named goes through `html.escape` here.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from textual_inversion.jobs.queue import Queue, Ticket
from textual_inversion.runs.history import Row, RunHistory, differing
from textual_inversion.runs.wording import duration
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk
from webui.shell_command import command_line

_SHOWN = 30
_FRESH_SECONDS = 0.9
_TONES = {"running": "busy", "failed": "bad", "killed": "bad"}
_LABELS = {knob.path: knob.ui.label for knob in walk(TrainSettings)}
_DEFAULTS = {knob.path: knob.default for knob in walk(TrainSettings)}


class RunsTable:
    """What waits and what was trained, as it was a second ago at most."""

    def __init__(self, queue: Queue, table: RunHistory) -> None:
        self.queue = queue
        self.table = table
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._rows: list[Row] = []
        self._tickets: list[Ticket] = []
        self._is_worked = False

    def forget(self) -> None:
        """Look anew at the next chance, because something was changed here."""
        self._looked = float("-inf")

    def row(self, name: str) -> Row | None:
        """Find a run by the name that its buttons carry."""
        self._look()
        return next((row for row in self._rows if _key(row) == name), None)

    def queue_html(self) -> str:
        """Draw what waits and what has failed."""
        self._look()
        return queue_html(self._tickets, is_worked=self._is_worked)

    def runs_html(self) -> str:
        """Draw the table."""
        self._look()
        return runs_html(self._rows)

    def queue_mark(self) -> object:
        """Mark a state of the queue."""
        self._look()
        stands = [(ticket.path.name, ticket.problem) for ticket in self._tickets]
        return _digest([stands, self._is_worked])

    def runs_mark(self) -> object:
        """Mark a state of the table."""
        self._look()
        return _digest(self._rows)

    def is_idle(self) -> bool:
        """Tell whether trainings wait and nobody works them."""
        self._look()
        return bool(self._tickets) and not self._is_worked and any(map(_waits, self._tickets))

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() - self._looked < _FRESH_SECONDS:
                return
            self._rows = self.table.rows(_SHOWN)
            self._is_worked = self.queue.is_worked
            tickets = self.queue.tickets()
            # What is worked stands in the table; what a dead process left begins the queue.
            self._tickets = [t for t in tickets if t.state != "working" or not self._is_worked]
            self._looked = time.monotonic()


def queue_html(tickets: Sequence[Ticket], *, is_worked: bool) -> str:
    """Draw the queue with a row of buttons for each."""
    if not tickets:
        return '<p class="ti-none">Nothing waits. "Add to queue" on the Train tab puts it here.</p>'
    items = "".join(_ticket(ticket) for ticket in tickets)
    said = "" if is_worked or not any(map(_waits, tickets)) else _IDLE
    return f'{said}<ol class="ti-queue">{items}</ol>'


_IDLE = '<p class="ti-none">The queue rests; start it, or add a training.</p>'


def _waits(ticket: Ticket) -> bool:
    return ticket.state != "failed"


def _ticket(ticket: Ticket) -> str:
    offered = [("remove", "Remove")]
    if _waits(ticket):
        offered = [("up", "Up"), ("down", "Down"), *offered]
    elif ticket.settings:
        offered = [("retry", "Again"), *offered]
    buttons = "".join(_button(do, ticket.id, text, ticket.name) for do, text in offered)
    why = f'<p class="ti-wrong">{escape(ticket.problem)}</p>' if ticket.problem else ""
    line = command_line("train", ticket.settings) if ticket.settings else ""
    frozen = f'<code class="ti-frozen">{escape(line)}</code>' if line else ""
    return (
        f'<li class="ti-ticket"><span><b>{escape(ticket.name)}</b> {frozen}{why}</span>'
        f'<span class="ti-acts">{buttons}</span></li>'
    )


def runs_html(rows: Sequence[Row]) -> str:
    """Draw the runs, and of their settings those in which they differ."""
    if not rows:
        return '<p class="ti-none">No runs yet.</p>'
    paths = differing(rows)
    heads = ["Run", "State", "Step", "Loss", "Best", *(_LABELS[path] for path in paths), ""]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join(_row(row, paths) for row in rows)
    return (
        '<div class="ti-wide"><table class="ti-runs">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(row: Row, paths: Sequence[str]) -> str:
    left = f" · {duration(row.seconds_left)} left" if row.seconds_left else ""
    tone = _TONES.get(row.state, "good")
    state = f'<span class="ti-dot"></span> {row.state}{left}'
    cells = [
        f'<td title="{escape(row.message)}" class="ti-{tone}">{state}</td>',
        f"<td>{row.step} / {row.total}</td>",
        f"<td>{_number(row.loss)}</td>",
        f"<td>{_number(row.best)}{f' at {row.best_step}' if row.best else ''}</td>",
        *(f"<td>{_value(row, path)}</td>" for path in paths),
        f'<td><span class="ti-acts">{_offers(row)}</span></td>',
    ]
    day = escape(_key(row))
    return f'<tr><th scope="row">{escape(row.name)}<small>{day}</small></th>{"".join(cells)}</tr>'


def _offers(row: Row) -> str:
    offered = [("settings", "Settings")]
    if row.state == "running":
        offered = [("stop", "Stop"), ("save", "Save now"), ("sample", "Sample now"), *offered]
    elif row.can_go_on:
        offered = [("resume", "Go on"), *offered]
    return "".join(_button(do, _key(row), text, row.name) for do, text in offered)


def _button(do: str, which: str, text: str, name: str) -> str:
    return (
        f'<button type="button" data-do="{do}" data-which="{escape(which)}" '
        f'aria-label="{text}: {escape(name)}">{text}</button>'
    )


def _value(row: Row, path: str) -> str:
    value: Any = row.settings.get(path, _DEFAULTS[path])
    if isinstance(value, bool):
        return "on" if value else "off"
    return escape(f"{value:g}" if isinstance(value, float) else str(value))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _key(row: Row) -> str:
    return f"{row.folder.parent.name}/{row.folder.name}"


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def open_runs_table(queue: Queue, log_dir: Path) -> RunsTable:
    """Make the board of a queue and a log directory."""
    return RunsTable(queue, RunHistory(log_dir))
