"""Chores with their time counted."""

from __future__ import annotations

from textual_inversion.training.chores.previews import Previews
from textual_inversion.training.chores.saving import OnRequest
from textual_inversion.training.throughput import ThroughputReport, ThroughputTimer, TimedChore
from textual_inversion.training.trainer import Chore


def with_timer(chores: list[Chore], timer: ThroughputTimer) -> list[Chore]:
    """Time each chore; a report of all times comes last."""
    return [
        *(TimedChore(c, timer, "previews" if _draws(c) else "other") for c in chores),
        ThroughputReport(timer),
    ]


def _draws(chore: Chore) -> bool:
    return isinstance(chore, Previews) or (
        isinstance(chore, OnRequest) and chore.request == "sample"
    )
