"""The page: its tabs put together, and what one tab hands to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.jobs.queue import Queue
from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.names import strip_brackets
from webui import choices, jobs, theme
from webui.api.endpoints import Endpoints
from webui.browser_scripts import scripts
from webui.event_options import UNQUEUED, hide_progress
from webui.form import Form, remember
from webui.generate import completion, first_prompt
from webui.head import job
from webui.head.base_model import BaseModelChoice
from webui.layout import Tab
from webui.polling import Live, Part
from webui.start.tab import StartTab
from webui.sweep import tab as sweep
from webui.tabs import (
    create,
    evaluate,
    generate,
    grids,
    library,
    models,
    preprocess,
    runs,
    train,
    workshop,
)
from webui.unfolding import keep_what_is_typed


@dataclass(frozen=True)
class _Drawn:
    """The drawn tabs; `opened` are the events after which lists of embeddings are read anew."""

    starting: StartTab
    creating: Tab
    preparing: Tab
    training: Tab
    sweeping: Tab
    drawing: Tab
    comparing: Tab
    judging: Tab
    making: list[Tab]
    shelf: library.LibraryTab
    table: runs.Runs
    opened: list[Any]

    @property
    def tabs(self) -> list[Tab]:
        """The tabs that show something of jobs."""
        first = [self.starting.tab, self.creating, self.preparing, self.training, self.sweeping]
        return [*first, self.drawing, self.comparing, self.judging, *self.making]

    @property
    def forms(self) -> list[Form[Any]]:
        """The forms whose values the browser keeps."""
        return [tab.form for tab in (*self.tabs, self.preparing.extras["checking"])]

    @property
    def parts(self) -> list[Any]:
        """What the tabs show, to be drawn again when it changes."""
        return [*(p for tab in self.tabs for p in tab.parts), *self.table.parts, *self.shelf.parts]


def build(runner: Runner, *, is_local: bool = True) -> gr.Blocks:
    """Draw the page of a process whose jobs `runner` works; `is_local` if no one else sees it."""
    worker = QueueWorker(runner, Queue(), jobs.training)
    with gr.Blocks(title="Textual Inversion", analytics_enabled=False) as page:
        live = Live(runner)
        base_model, badge = _head(runner)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap") as tabs:
            drawn = _draw_tabs(page, runner, worker, base_model.control, is_local=is_local)
        training, drawing = drawn.training, drawn.drawing
        started = drawn.starting.join(
            tabs, drawn.creating, drawn.preparing, training, drawing, drawn.comparing
        )
        restored = remember(page, drawn.forms)
        used = drawn.judging.extras["used"]
        pressed = [*training.extras["replaced"], drawn.starting.pressed, used]
        replaced = [event.success for event in pressed]
        opened = [restored.then, *drawn.opened, drawn.shelf.changed, *replaced]
        _offer_embeddings(opened, drawn.creating, training, drawing)
        base_model.listen(page, training.form.by_path["embedding"], **drawing.extras["inserted"])
        _hand_pictures_on(drawn.preparing, training, tabs)
        begun = [
            *started,
            *(event for tab in drawn.tabs for event in tab.events),
            *preprocess.join(page, drawn.preparing, training, tabs),
            *drawn.table.listen(page, training.form, tabs),
        ]
        generate.join(drawing, training, drawn.preparing, tabs)
        _add_what_has_no_place(page, Endpoints(runner, worker, drawing.extras["waiting"]))
        live.listen([*badge, *drawn.parts, completion.names_part()], begun)
        hide_progress(page, live.groups[0].drawn_keys)
    return page


def _draw_tabs(
    page: gr.Blocks, runner: Runner, worker: QueueWorker, base_model: Component, *, is_local: bool
) -> _Drawn:
    """Draw the tabs, in the order of the work."""
    with gr.Tab("Start", id="start"):
        starting = StartTab(runner, base_model)
    with gr.Tab("Create Embedding", id="create"):
        creating = create.draw(runner, base_model)
    with gr.Tab("Preprocess Images", id="preprocess"):
        preparing = preprocess.draw(runner, base_model)
    with gr.Tab("Train", id="train") as at_train:
        training = train.draw(runner, worker, base_model)
    sweeping = sweep.draw(runner, base_model, training.form)
    with gr.Tab("Generate", id="generate") as at_generate:
        drawing = generate.draw(runner, base_model, is_local=is_local)
    comparing = grids.draw(runner, base_model)
    judging = evaluate.draw(runner, base_model)
    with gr.Tab("Library", id="library") as at_library:
        shelf = library.LibraryTab(runner, page, at_library, base_model)
    with gr.Tab("Workshop", id="workshop") as at_workshop:
        making = workshop.draw(runner, base_model, at_workshop)
    with gr.Tab("Base Models", id="models") as at_models:
        with_vae = [training.form, drawing.form, comparing.form, judging.form]
        models.Models().listen(at_models, base_model, with_vae)
    with gr.Tab("Runs", id="runs"):
        table = runs.Runs(worker)
    opened = [at_train.select, at_generate.select]
    working = (starting, creating, preparing, training, sweeping, drawing, comparing, judging)
    return _Drawn(*working, making, shelf, table, opened)


def _add_what_has_no_place(page: gr.Blocks, endpoints: Endpoints) -> None:
    """Add the browser's scripts and the HTTP API."""
    keep_what_is_typed(page)
    completion.listen(page)
    job.listen(page)
    scripts.listen(page)
    endpoints.draw()


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
        first_prompt.choose_first(offered, chosen, prompt, first)


def _embeddings() -> tuple[Any, Any, str]:
    listed = choices.embeddings()
    return gr.update(choices=listed), gr.update(choices=listed), choices.newest_embedding()


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
