"""The page: its tabs put together, and what one tab hands to another."""

from __future__ import annotations

from typing import Any

import gradio as gr

from textual_inversion.jobs.queue import Queue
from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.names import strip_brackets
from webui import choices, jobs, theme
from webui.api.endpoints import Endpoints
from webui.base_model import BaseModelChoice
from webui.event_options import UNQUEUED, hide_progress
from webui.form import remember
from webui.head import job
from webui.layout import Tab
from webui.polling import Live, Part
from webui.tabs import create, generate, library, preprocess, requests, runs, train
from webui.unfolding import keep_what_is_typed

# Gives what is empty something to begin with; in the browser, since somebody may choose or type
# while a server answers.
_CHOOSE_FIRST = """(chosen, prompt, first) => {
  const name = chosen || first;
  const words = prompt || !name ? undefined : `a photo of <${name}>`;
  return [chosen || !first ? undefined : first, words];
}"""


def build(runner: Runner) -> gr.Blocks:
    """Draw the page of a process whose jobs `runner` works."""
    worker = QueueWorker(runner, Queue(), jobs.training)
    with gr.Blocks(title="Textual Inversion", analytics_enabled=False) as page:
        base_model, badge = _head(runner)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:
            with gr.Tab("Create Embedding", id="create"):
                creating = create.draw(runner, base_model.control)
            with gr.Tab("Preprocess Images", id="preprocess"):
                preparing = preprocess.draw(runner, base_model.control)
            with gr.Tab("Train", id="train") as at_train:
                training = train.draw(runner, worker, base_model.control)
            with gr.Tab("Generate", id="generate") as at_generate:
                drawing = generate.draw(runner, base_model.control)
            with gr.Tab("Library", id="library") as at_library:
                shelf = library.LibraryTab(runner, page, at_library, base_model.control)
            with gr.Tab("Runs", id="runs"):
                table = runs.Runs(worker)
        drawn = [creating, preparing, training, drawing]
        restored = remember(page, [*(tab.form for tab in drawn), preparing.extras["checking"].form])
        opened = [restored.then, at_train.select, at_generate.select, shelf.changed]
        _offer_embeddings(opened, creating, training, drawing)
        base_model.listen(page, training.form.by_path["embedding"], **drawing.extras["inserted"])
        _hand_pictures_on(preparing, training, tabs)
        checked = preprocess.join(page, preparing, training, tabs)
        requests.take_from(drawing.form, training.form, training.extras["take"])
        parts = [*badge, *(part for tab in drawn for part in tab.parts), *table.parts, *shelf.parts]
        begun = [event for tab in drawn for event in tab.events]
        _add_what_has_no_place(page, runner, worker)
        begun += [*checked, *table.listen(training.form, tabs)]
        _keep_up_to_date(page, Live(runner, parts), begun)
    return page


def _keep_up_to_date(page: gr.Blocks, live: Live, begun: list[Any]) -> None:
    """Poll for what jobs and files have changed; called when everything is drawn."""
    live.listen(page, begun)
    hide_progress(page, live.seen)


def _add_what_has_no_place(page: gr.Blocks, runner: Runner, worker: QueueWorker) -> None:
    """Add the browser's scripts and the HTTP API."""
    keep_what_is_typed(page)
    job.listen(page)
    Endpoints(runner, worker).draw()


def _head(runner: Runner) -> tuple[BaseModelChoice, list[Part]]:
    """Draw what stands above all tabs: the title, what is being trained, and the base model."""
    with gr.Row(elem_classes="ti-head"):
        with gr.Column(min_width=320, elem_classes="ti-title"):
            gr.HTML(theme.HEADER)
            badge = job.draw(runner)
        base_model = BaseModelChoice()
    return base_model, badge


def _offer_embeddings(moments: list[Any], creating: Tab, training: Tab, drawing: Tab) -> None:
    """Fill the drop-downs of embeddings at certain moments, and choose one just created."""
    chosen, prompt = training.form.by_path["embedding"], drawing.form.by_path["prompt"]
    first = gr.Textbox(visible=False)
    listed = [chosen, drawing.extras["insert"], first]
    created, name = creating.extras["created"].success, creating.form.by_path["name"]
    offers = [moment(_embeddings, None, listed, **UNQUEUED) for moment in moments]
    for offered in [*offers, created(_created, name, listed, **UNQUEUED)]:
        inputs, outputs = [chosen, prompt, first], [chosen, prompt]
        offered.then(None, inputs, outputs, js=_CHOOSE_FIRST, **UNQUEUED)


def _embeddings() -> tuple[Any, Any, str]:
    listed = choices.embeddings()
    first = listed[0][1] if listed else ""
    return gr.update(choices=listed), gr.update(choices=listed), first


def _created(name: str | None) -> tuple[Any, Any, str]:
    chosen, inserted, first = _embeddings()
    return {**chosen, "value": strip_brackets(name or "")}, inserted, first


def _hand_pictures_on(preparing: Tab, training: Tab, tabs: gr.Tabs) -> None:
    """Connect the button that makes the prepared folder the one to train on."""
    destination = preparing.form.by_path["destination"]
    preparing.extras["onward"].click(
        lambda folder: (folder, gr.Tabs(selected="train")),
        destination,
        [training.form.by_path["dataset_dir"], tabs],
        **UNQUEUED,
    )
