"""A sweep as HTML: the table of its runs, their curves over one another, their previews. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from markupsafe import Markup

from textual_inversion.runs.past.comparison import preview_rows
from textual_inversion.runs.past.curves import HEIGHT, WIDTH, loss_lines
from textual_inversion.runs.past.finding import PastRun
from textual_inversion.settings import SweepSettings
from textual_inversion.settings.knobs import walk
from textual_inversion.sweeps.plan import Plan
from textual_inversion.sweeps.results import Result
from webui.html import render
from webui.served_images import picture_url, thumbnail_url

MOST_ROWS = 200
MOST_DRAWN = 12
_LABELS = {knob.path: knob.ui.label for knob in walk(SweepSettings)}
_MOST_PREVIEWS = 6


def sweep_html(plan: Plan, results: Sequence[Result], past: Mapping[str, PastRun]) -> Markup:
    """Draw a sweep.

    `results` come in the order of the table; `past` are the runs with curves, in that of the plan.
    """
    values = {run.name: run.values for run in plan.runs}
    runs, numbers = list(past.values()), {name: number for number, name in enumerate(past)}
    rows = [(*_row(plan, one), numbers.get(one.name)) for one in results[:MOST_ROWS]]
    return render(
        "sweep/sweep",
        name=plan.name,
        varied=[_LABELS.get(path, path) for path in plan.varied],
        rows=rows,
        num_more=max(len(results) - MOST_ROWS, 0),
        num_ended=sum(result.has_ended for result in results),
        num_runs=len(results),
        runs=[(name, _words(values[name])) for name in past],
        is_part=len(past) == MOST_DRAWN and len(results) > MOST_DRAWN,
        chart=loss_lines(runs) if runs else None,
        width=WIDTH,
        height=HEIGHT,
        previews=_previews(runs),
    )


def _row(plan: Plan, result: Result) -> tuple[Result, list[str], str, str]:
    """Compute what a row shows: the run, its values, its losses."""
    values = [result.values.get(path, "") for path in plan.varied]
    loss = "" if result.last_loss is None else f"{result.last_loss:.4f}"
    best = "" if result.loss is None else f"{result.loss:.4f} at {result.best_step}"
    return result, values, loss, best


def _words(values: Mapping[str, str]) -> str:
    return ", ".join(f"{_LABELS.get(path, path)} {value}" for path, value in values.items())


def _previews(runs: Sequence[PastRun]) -> list[tuple[str, list[list[tuple[str, str]]]]]:
    """List the newest previews, each as (label, pictures of each run)."""
    rows = preview_rows(runs)[::-1][:_MOST_PREVIEWS] if runs else []
    return [(row.label, [_urls(paths) for paths in row.pictures]) for row in rows]


def _urls(paths: Sequence[Path]) -> list[tuple[str, str]]:
    found = [(thumbnail_url(str(path)), picture_url(str(path))) for path in paths]
    return [(small, large) for small, large in found if small]
