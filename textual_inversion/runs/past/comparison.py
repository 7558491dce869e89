"""Runs side by side: what came of them, the settings in which they differ, their previews. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual_inversion.images.files import path_text
from textual_inversion.runs.downsampling import thin
from textual_inversion.runs.history import differing
from textual_inversion.runs.past.finding import PastRun
from textual_inversion.runs.wording import beside_word, best_words, throughput_words, value_words
from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk

_MOST_STEPS = 24
_KNOBS = {knob.path: knob for knob in walk(TrainSettings)}
Values = tuple[str, list[str]]
"""What a row says, and its value for each run."""


@dataclass(frozen=True)
class Previews:
    """The pictures of one moment: for each run a list, empty where it drew none."""

    label: str
    pictures: list[list[Path]]


def fact_rows(runs: Sequence[PastRun]) -> list[Values]:
    """List what came of the runs, each row with a value for every run."""
    facts = [_facts(past) for past in runs]
    return [
        (term, [one[term] for one in facts]) for term in facts[0] if any(o[term] for o in facts)
    ]


def _facts(past: PastRun) -> dict[str, str]:
    run = past.run
    return {
        "Embedding": run.name,
        "State": run.state + (f": {run.message}" if run.state == "failed" else ""),
        "Step": f"{run.step} of {run.total}",
        "Loss": f"{run.losses[-1][1]:.4f}" if run.losses else "",
        "Best": best_words(run),
        "Speed": " · ".join(throughput_words(run.throughput)) if run.throughput else "",
        "Run folder": path_text(past.folder),
    }


def setting_rows(runs: Sequence[PastRun]) -> list[Values]:
    """List the settings in which runs differ; of a single run those that are not the defaults."""
    if len(runs) == 1:
        stored = runs[0].settings
        paths = [p for p, knob in _KNOBS.items() if stored.get(p, knob.default) != knob.default]
    else:
        paths = differing(runs)
    return [(_KNOBS[path].ui.label, [_value(past, path) for past in runs]) for path in paths]


def _value(past: PastRun, path: str) -> str:
    return value_words(past.settings.get(path, _KNOBS[path].default))


def preview_rows(runs: Sequence[PastRun]) -> list[Previews]:
    """List the previews by step: those without what was learned, then at most 24 steps.

    The first and the last are among them, and the others evenly between.
    """
    steps = sorted({one.step for past in runs for one in past.run.previews if not one.without})
    beside = [_drawn(past, None) for past in runs]
    words = [beside_word(past.settings) for past, found in zip(runs, beside, strict=True) if found]
    rows = [Previews(" or ".join(dict.fromkeys(words)), beside)]
    rows += [
        Previews(f"step {step}", [_drawn(past, step) for past in runs])
        for step in thin(steps, _MOST_STEPS)
    ]
    return [row for row in rows if any(row.pictures)]


def _drawn(past: PastRun, step: int | None) -> list[Path]:
    """List the previews of a step, or without the embedding, whose step does not matter."""
    found = [one for one in past.run.previews if one.without == (step is None)]
    of_step = [past.picture(one) for one in found if step in {None, one.step}]
    return list(dict.fromkeys(of_step))
