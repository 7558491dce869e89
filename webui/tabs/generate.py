"""The Generate tab: a prompt with the new word, the picture as it comes, and what to do with it."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import GenerateSettings
from webui import choices
from webui.event_options import UNQUEUED
from webui.form import Form, draw_form
from webui.generate.actions import Actions
from webui.generate.canvas import draw_canvas, save_canvas
from webui.generate.history import draw_history
from webui.generate.live import Results
from webui.generate.prompt_count import count_html
from webui.generate.waiting import Waiting
from webui.layout import Tab, buttons, lead, page_errors
from webui.polling import Watched, stop_button
from webui.tabs.requests import preview_values, take_from

_LEAD = "Write the new word in a prompt as <name> or just name, several words if you like."
# In the browser: a server's answer could replace what is typed while it comes.
_INSERT = "(prompt, name) => [name ? `${prompt || ''} <${name}>`.trim() : prompt, null, name]"


def draw(runner: Runner, base_model: Component, *, is_local: bool = True) -> Tab:
    """Draw the tab; `is_local` if only this machine's own browsers reach the page."""
    lead(_LEAD)
    waiting = Waiting(runner)
    # A page names no files: the canvas does, when Generate is pressed.
    files = {path: gr.Textbox("", visible=False) for path in ("init_image", "mask")}
    drawn: list[gr.ImageEditor] = []
    with gr.Row(elem_classes="ti-columns"):
        with gr.Column(scale=5, min_width=320, elem_classes="ti-card"):
            insert = gr.Dropdown(
                [],
                value=None,
                label="Put an embedding into the prompt",
                elem_id="generate-insert-word",
            )
            form = draw_form(
                "generate",
                GenerateSettings,
                shared={"model": base_model, **files},
                choices={"vae": choices.vaes()},
                notes=["prompt", "negative_prompt"],
                heads={"Image to image": lambda: drawn.append(draw_canvas())},
            )
        with gr.Column(scale=6, min_width=320):
            start, stop = buttons("generate", "Generate")
            with gr.Row(elem_classes="ti-buttons"):
                skip = _small_button("Skip this picture", "skip")
                clear = _small_button("Forget what waits", "clear", visible=False)
            results = Results(runner, waiting)
            actions = Actions(runner, is_local=is_local)
            history = draw_history(results)
    (canvas,) = drawn
    for path, note in form.notes.items():
        form.explain(partial(count_html, runner.device, path), note)
    actions.connect(form, results.chosen, canvas)
    begun = start.click(
        lambda *values: _begin(waiting, form, values),
        [*form.controls, canvas],
        api_visibility="private",
    )
    asked = [
        button.click(answer, queue=False, api_visibility="private")
        for button, answer in (
            (stop, lambda: runner.stop("generate")),
            (skip, lambda: runner.ask("generate", "skip")),
            (clear, waiting.clear),
        )
    ]
    offered = Watched(clear, lambda: gr.update(visible=len(waiting) > 0), lambda: len(waiting))
    parts = [*results.parts, history, offered]
    parts += [stop_button("generate", button) for button in (stop, skip)]
    extras = {**_insertion(insert, form.by_path["prompt"]), "insert": insert}
    extras |= {"actions": actions, "chosen": results.chosen, "waiting": waiting}
    return Tab(form, parts, [begun, *asked], extras)


def join(drawing: Tab, training: Tab, preparing: Tab, tabs: gr.Tabs) -> None:
    """Join the tab to those that its pictures are handed to."""
    take_from(drawing.form, training.form, training.extras["take"])
    actions: Actions = drawing.extras["actions"]
    chosen = drawing.extras["chosen"]
    actions.hand_on(chosen, training, preparing, tabs, to_previews=preview_values)


def _insertion(insert: gr.Dropdown, prompt: Component) -> dict[str, Any]:
    name = gr.Textbox(visible=False)
    inserted = insert.input(None, [prompt, insert], [prompt, insert, name], js=_INSERT, **UNQUEUED)
    return {"inserted": {"inserted": inserted, "name": name}}


def _small_button(label: str, name: str, *, visible: bool = True) -> gr.Button:
    return gr.Button(
        label, size="sm", min_width=110, visible=visible, elem_id=f"generate-{name}-button"
    )


def _begin(waiting: Waiting, form: Form[GenerateSettings], values: tuple[Any, ...]) -> None:
    *chosen, painted = values
    with page_errors(form):
        # Each canvas is a file of its own, so that what waits keeps the one it was asked with.
        named = form.values(chosen) | {"init_image": "", "mask": ""} | save_canvas(painted)
        waiting.add(form.model.build(form.model.changed(named)))
