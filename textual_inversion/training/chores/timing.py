"""Chores with their time counted."""

from __future__ import annotations

from textual_inversion.training.chores.previews import Previews
from textual_inversion.training.chores.saving import (
    Asked,
)
from textual_inversion.training.throughput import ThroughputReport, ThroughputTimer, TimedChore
from textual_inversion.training.trainer import Chore


def with_timer(chores: list[Chore], timer: ThroughputTimer) -> list[Chore]:
    """Let the time of chores be counted, and be told when all of them are done."""
    return [
        *(TimedChore(c, timer, "previews" if _draws(c) else "other") for c in chores),
        ThroughputReport(timer),
    ]


def _draws(chore: Chore) -> bool:
    return isinstance(chore, Previews) or (isinstance(chore, Asked) and chore.request == "sample")
