"""The Generate tab: a prompt with the new word, the picture as it comes, and its settings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.errors import TextualInversionError
from textual_inversion.images.files import read_infotext
from textual_inversion.jobs.device_lock import DeviceLock
from textual_inversion.jobs.runner import Runner
from textual_inversion.runs.state import Run
from textual_inversion.settings import GenerateSettings
from textual_inversion.storage.paths import find_folder
from webui import choices, jobs
from webui.event_options import UNQUEUED
from webui.form import Form, draw_form
from webui.html import render
from webui.jobs import warm
from webui.layout import Tab, buttons, complaints, lead
from webui.polling import Part, start_button, stop_button
from webui.served_images import served
from webui.views.status import status_html, warnings_html

_SHOWN = 24
_LEAD = "Write the new word in a prompt as <name> or just name, several words if you like."
_IDLE = "Write a prompt, then press Generate."
# In the browser: a server's answer could replace what is typed while it comes.
_INSERT = "(prompt, name) => [name ? `${prompt || ''} <${name}>`.trim() : prompt, null, name]"


def draw(runner: Runner, base_model: Component) -> Tab:
    """Draw the tab."""
    lead(_LEAD)
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
                shared={"model": base_model},
                choices={"vae": choices.vaes()},
                notes=["prompt", "negative_prompt"],
            )
        with gr.Column(scale=6, min_width=320):
            start, stop = buttons("generate", "Generate")
            parts = _live(runner)
    for path, note in form.notes.items():
        form.explain(partial(_count, runner.device, path), note)
    prompt = form.by_path["prompt"]
    name = gr.Textbox(visible=False)
    inserted = insert.input(None, [prompt, insert], [prompt, insert, name], js=_INSERT, **UNQUEUED)
    begun = start.click(
        lambda *values: _begin(runner, form, values), form.controls, api_visibility="private"
    )
    stopped = stop.click(lambda: runner.stop("generate"), queue=False, api_visibility="private")
    parts += [start_button("generate", start), stop_button("generate", stop)]
    extras = {"insert": insert, "inserted": {"inserted": inserted, "name": name}}
    return Tab(form, parts, [begun, stopped], extras)


def _count(device: DeviceLock, path: str, values: dict[str, Any]) -> str:
    """Count the tokens of one of the prompts, and name the embeddings found in it."""
    prompt = values[path]
    if not prompt:
        return ""
    warm(device)
    from textual_inversion.embeddings.create import open_tokenizer
    from textual_inversion.generation.token_count import count_prompt
    from textual_inversion.models.catalog import describe_model

    try:
        settings = GenerateSettings.build(values, {"prompt": prompt})
        model = describe_model(settings.model)
        count = count_prompt(
            prompt,
            open_tokenizer(model),
            choices.library(find_folder("embeddings")),
            model.widths,
            num_steps=settings.steps,
            emphasis=settings.emphasis,
        )
    except TextualInversionError:
        return ""  # the head of the page, or Generate, says what is wrong
    return render("tabs/prompt_count", count=count)


def _begin(runner: Runner, form: Form[GenerateSettings], values: tuple[Any, ...]) -> None:
    with complaints():
        settings = form.settings(values)
        runner.start("generate", jobs.generating(settings))


def _live(runner: Runner) -> list[Part]:
    status = gr.HTML(elem_id="generate-status-line")
    preview = gr.HTML(elem_id="generate-live-preview")
    gallery = gr.Gallery(
        label="Pictures", columns=2, height="auto", object_fit="contain", preview=True,
        interactive=False, elem_id="generate-picture-gallery", buttons=["download", "fullscreen"],
    )  # fmt: skip
    info = gr.HTML(elem_id="generate-picture-info")

    def show_settings(event: gr.SelectData) -> str:
        return _info(runner.run("generate"), index=event.index)

    gallery.select(show_settings, None, info, **UNQUEUED)
    warnings = gr.HTML(elem_id="generate-warning-list")
    return [
        Part("generate", status, lambda run: status_html(run, idle=_IDLE)),
        Part("generate", preview, _preview),
        Part("generate", gallery, _pictures, lambda run: len(run.files)),
        Part("generate", info, _info, lambda run: len(run.files)),
        Part("generate", warnings, warnings_html, lambda run: len(run.warnings)),
    ]


def _preview(run: Run | None) -> str:
    data = run.live_preview if run is not None and run.is_active else ""
    if not data.startswith("data:image/"):
        return ""
    return render("tabs/live_preview", data=data)


def _pictures(run: Run | None) -> list[tuple[str, str]]:
    files = run.files[-_SHOWN:] if run is not None else []
    copies = [(served(path), Path(path).name) for path in files]
    return [(path, caption) for path, caption in copies if path]


def _info(run: Run | None, *, index: int = 0) -> str:
    """Show the settings of a picture of the gallery."""
    files = run.files[-_SHOWN:] if run is not None else []
    text = read_infotext(Path(files[index])) if index < len(files) else ""
    return render("preformatted", text=text) if text else ""
