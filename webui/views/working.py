"""What is being trained, at the head of the queue. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from textual_inversion.runs.folder import run_key
from textual_inversion.runs.history import Row
from textual_inversion.runs.state import Run
from textual_inversion.runs.wording import duration
from webui.html import render

ACTIVE = frozenset(("loading", "running", "stopping"))
_ASKS = [("stop", "Stop"), ("save", "Save now"), ("sample", "Sample now")]


@dataclass(frozen=True)
class Working:
    """A training that is being worked; `key` is empty while it has no run folder."""

    key: str
    name: str
    state: str
    step: int = 0
    total: int = 0
    seconds_left: float | None = None

    @property
    def progress(self) -> str:
        """How far it is, in words."""
        if not self.total:
            return ""
        left = f" · {duration(self.seconds_left)} left" if self.seconds_left else ""
        return f"step {self.step} of {self.total}{left}"

    @property
    def actions(self) -> list[tuple[str, str]]:
        """What it can be asked for; one that loads can only be stopped."""
        if self.state == "stopping":
            return []
        return _ASKS if self.key else _ASKS[:1]


def with_own_state(row: Row, own: Run | None) -> Row:
    """Name the state of this process's training as it knows it: a stop may be on its way."""
    if own is None or not own.is_active or not own.folder or Path(own.folder) != row.folder:
        return row
    return replace(row, state=own.state)


def working(rows: Sequence[Row], own: Run | None) -> list[Working]:
    """List what is being trained by any process; `own` is this one's newest training."""
    found = [
        Working(run_key(row.folder), row.name, row.state, row.step, row.total, row.seconds_left)
        for row in rows
        if row.state in ACTIVE
    ]
    # One that still loads has no folder, and so no row.
    if own is not None and own.is_active and not own.folder:
        found.insert(0, Working("", own.name, own.state))
    return found


def working_html(jobs: Sequence[Working]) -> Markup:
    """Draw each with its progress and a row of buttons."""
    return render("runs/working", jobs=jobs) if jobs else Markup()
