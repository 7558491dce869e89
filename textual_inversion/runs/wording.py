"""Durations, speeds and results in words, the same on the page and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual_inversion.events import Throughput
from textual_inversion.runs.state import Run
from textual_inversion.settings import TrainSettings

_BESIDE = "preview_beside"


def duration(seconds: float) -> str:
    """Format a duration: `40 s`, `3 min`, `1 h 20 min`."""
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def best_words(run: Run) -> str:
    """Describe where the best vectors by the fixed batch are; empty while none are written."""
    if run.best is None or not run.best_path:
        return ""
    return f"step {run.best.step}, fixed-batch loss {run.best.loss:.4f}: {run.best_path}"


def throughput_words(throughput: Throughput) -> list[str]:
    """Format the pictures a second and the memory taken, where it is known."""
    memory = f"{throughput.memory_mb} MB" + (" on the GPU" if throughput.memory_of == "GPU" else "")
    return [
        f"{throughput.images_per_second:g} pictures/s",
        *([memory] if throughput.memory_mb else []),
    ]


def value_words(value: Any) -> str:
    """Write a setting's value as a table shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def beside_word(settings: Mapping[str, Any]) -> str:
    """Say in a word what a run's previews without the learned vectors were drawn with."""
    default = TrainSettings.model_fields[_BESIDE].default
    return "start" if settings.get(_BESIDE, default) == "start" else "without"
