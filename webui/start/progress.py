"""The run as it goes, and the card at its end, as HTML."""

from __future__ import annotations

import gradio as gr
from markupsafe import Markup

from textual_inversion.embeddings.formats.exports import FORMATS
from textual_inversion.events import Previewed
from textual_inversion.runs.state import Run
from webui import choices
from webui.charts.training_curves import loss_chart
from webui.html import render
from webui.polling import Part
from webui.served_images import picture_url, thumbnail_url
from webui.train.best import has_best
from webui.views.status import status_html

_IDLE = "Add pictures, give it a name, and press Train."
_MOST_EARLIER = 4


def draw_status() -> Part:
    """Draw in a sentence what a run is doing."""
    status = gr.HTML(elem_id="start-status-line")
    return Part("train", status, lambda run: status_html(run, idle=_IDLE))


def draw() -> list[Part]:
    """Draw the newest preview of a run beside others, and the loss."""
    previews = gr.HTML(elem_id="start-previews")
    chart = gr.HTML(elem_id="start-loss-chart")
    return [
        Part("train", previews, previews_html, _previews_state_key),
        Part("train", chart, _chart, _chart_state_key, with_steps=True),
    ]


def previews_html(run: Run | None) -> Markup:
    """Draw the newest preview large; beside it, the first ones without what is learned."""
    previews = run.previews if run is not None else []
    learned = [one for one in previews if not one.without]
    beside = [one for one in previews if one.without][:1]
    newest = learned[-1] if learned else None
    same = [one for one in learned[:-1] if newest and one.prompt == newest.prompt]
    small = [
        *((_url(one), "before learning") for one in beside),
        *((_url(one), f"step {one.step}") for one in same[-_MOST_EARLIER:]),
    ]
    return render(
        "start/previews",
        is_active=run is not None and run.is_active,
        newest=(picture_url(newest.path), newest.step, newest.prompt) if newest else None,
        small=[one for one in small if one[0]],
    )


def is_over(run: Run | None) -> bool:
    """Whether a run has ended with something learned that is still in the library."""
    if run is None or run.is_active or not run.step or run.state == "failed":
        return False
    return choices.find_embedding(run.name) is not None


def card_html(run: Run | None, *, said: Markup | None = None) -> Markup:
    """Draw what can be done with what a run has learned; `said` is what was just done."""
    if run is None or not is_over(run):
        return Markup()
    return render(
        "start/card",
        name=run.name,
        steps=run.step,
        more=more_steps(run),
        best=_better_step(run),
        formats=[(key, one.title) for key, one in FORMATS.items()],
        said=said or Markup(),
    )


def _better_step(run: Run) -> int:
    """Return the step of the best vectors; 0 where they are the last ones, or are not kept."""
    is_other = run.best is not None and has_best(run) and run.best.step != run.step
    return run.best.step if run.best and is_other else 0


def card_state_key(run: Run) -> object:
    """Compute a key that changes with what the card offers."""
    return [run.state, run.best_path, run.step if not run.is_active else 0]


def more_steps(run: Run) -> int:
    """Say by how many steps a training is made longer: half of what was planned."""
    return max(run.total // 2, 10)


def _url(preview: Previewed) -> str:
    return thumbnail_url(preview.path)


def _previews_state_key(run: Run) -> object:
    return [len(run.previews), run.first_step, run.is_active]


def _chart(run: Run | None) -> Markup:
    return loss_chart(run) if run is not None and run.losses else Markup()


def _chart_state_key(run: Run) -> object:
    return [len(run.losses), len(run.evaluations), run.converged_step, run.state]
