"""The page: its tabs put together, and what one tab hands to another."""

from __future__ import annotations

from typing import Any

import gradio as gr

from textual_inversion.jobs.queue import Queue
from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.names import strip_brackets
from webui import choices, jobs, theme
from webui.event_options import UNQUEUED, hide_progress
from webui.form import remember
from webui.layout import Tab
from webui.polling import Live, Part
from webui.tabs import create, generate, preprocess, requests, runs, train
from webui.views.status import badge_html


def build(runner: Runner) -> gr.Blocks:
    """Draw the page of a process whose jobs `runner` works."""
    worker = QueueWorker(runner, Queue(), jobs.training)
    with gr.Blocks(title="Textual Inversion", analytics_enabled=False) as page:
        with gr.Row(elem_classes="ti-head"):
            gr.HTML(theme.HEADER, min_width=320)
            badge = Part("train", gr.HTML(elem_id="badge", min_width=280), badge_html)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:
            with gr.Tab("Create Embedding", id="create"):
                creating = create.draw(runner)
            with gr.Tab("Preprocess Images", id="preprocess"):
                preparing = preprocess.draw(runner)
            with gr.Tab("Train", id="train") as at_train:
                training = train.draw(runner, worker)
            with gr.Tab("Generate", id="generate") as at_generate:
                drawing = generate.draw(runner)
            with gr.Tab("Runs", id="runs"):
                table = runs.Runs(worker)
        drawn = [creating, preparing, training, drawing]
        restored = remember(page, [*(tab.form for tab in drawn), preparing.extras["checking"].form])
        _offer_embeddings([restored.then, at_train.select, at_generate.select], *drawn)
        _hand_pictures_on(preparing, training, tabs)
        checked = preprocess.join(page, preparing, training, tabs)
        requests.take_from(drawing.form, training.form, training.extras["take"])
        parts = [badge, *(part for tab in drawn for part in tab.parts), *table.parts]
        events = [event for tab in drawn for event in tab.events]
        events += [*checked, *table.listen(training.form, tabs)]
        live = Live(runner, parts)
        live.listen(page, events)
        hide_progress(page, live.seen)
    return page


def _offer_embeddings(
    moments: list[Any], creating: Tab, _preparing: Tab, training: Tab, drawing: Tab
) -> None:
    """Fill the drop-downs of embeddings at certain moments, and choose one just created."""
    chosen, prompt = training.form.by_path["embedding"], drawing.form.by_path["prompt"]
    shown = [chosen, drawing.extras["insert"]]
    created, name = creating.extras["created"].success, creating.form.by_path["name"]
    for moment, wanted in [*((moment, chosen) for moment in moments), (created, name)]:
        offered = moment(_embeddings, wanted, shown, **UNQUEUED)
        offered.then(None, [prompt, chosen], prompt, js=generate.FIRST_PROMPT, **UNQUEUED)


def _embeddings(chosen: str | None) -> tuple[Any, Any]:
    listed = choices.embeddings()
    name = strip_brackets(chosen or "") or (listed[0][1] if listed else None)
    return (
        gr.update(choices=listed, value=name),
        gr.update(choices=listed, value=None),
    )


def _hand_pictures_on(preparing: Tab, training: Tab, tabs: gr.Tabs) -> None:
    """Let the prepared folder become the one to train on."""
    destination = preparing.form.by_path["destination"]
    preparing.extras["onward"].click(
        lambda folder: (folder, gr.Tabs(selected="train")),
        destination,
        [training.form.by_path["dataset_dir"], tabs],
        **UNQUEUED,
    )
