"""What stands above the loss chart: how much it is smoothed, and another run drawn into it.

The browser does both (`chart_options.js`), since the chart is drawn once for all pages.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from textual_inversion.runs.downsampling import SMOOTHING, bucketed
from textual_inversion.runs.state import Run, read_run
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.charts.training_curves import evaluations
from webui.event_options import UNQUEUED
from webui.html import render

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


class ChartOptions:
    """The slider and the choice of a run."""

    def __init__(self) -> None:
        self.view = gr.HTML(
            options_html(), elem_id="train-chart-options", js_on_load=_SCRIPT
        )  # fmt: skip

    def listen(self, news: gr.HTML) -> None:
        """Offer the runs there are when a page opens, and when `news` tells of another."""
        gr.on(None, options_html, None, self.view, **UNQUEUED)
        news.change(options_html, None, self.view, **UNQUEUED)
        self.view.select(_overlaid, None, self.view, **UNQUEUED)


def options_html(name: str = "", run: Run | None = None) -> Markup:
    """Draw the options; with a run, its curves for the script to draw."""
    names = [value for _, value in choices.runs() if value]
    curves = json.dumps({"name": name, **curves_of(run)}) if run else ""
    return render("train/chart_options", names=names, curves=curves, smoothing=SMOOTHING)


def curves_of(run: Run) -> dict[str, Any]:
    """Lay out a run's losses, as (step, mean), and those of its fixed batch."""
    losses = [(bucket.step, bucket.mean) for bucket in bucketed(run.losses)]
    return {"points": losses, "fixed": evaluations(run)}


def _overlaid(event: gr.EventData) -> Markup:
    name = str(event.run)
    if name not in {value for _, value in choices.runs()}:
        return options_html()
    folder = find_folder("runs") / name
    log = folder / "events.jsonl"
    return options_html(name, read_run(folder)) if log.is_file() else options_html()
