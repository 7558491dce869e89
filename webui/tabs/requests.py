"""What the Train tab asks for beside start and stop: a place in the queue, a save, a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from textual_inversion.jobs.runner import Runner
from textual_inversion.jobs.worker import QueueWorker
from textual_inversion.runs.requests import Request
from textual_inversion.settings import GenerateSettings, TrainSettings
from webui.event_options import QUIET, UNQUEUED
from webui.form import Form
from webui.layout import page_errors
from webui.polling import Part, stop_button
from webui.train.resuming import ResumeChoice

_PREVIEW = "preview_"
# The one pair whose names are not alike.
_IMAGES = {"num_images": "preview_images"}


@dataclass(frozen=True)
class Asked:
    """The buttons' parts and events."""

    parts: list[Part]
    events: list[Any]


def draw(
    runner: Runner, worker: QueueWorker, form: Form[TrainSettings], resuming: ResumeChoice
) -> Asked:
    """Draw the buttons, in the row that is open."""
    add = gr.Button("Add to queue", elem_id="train-queue-button", min_width=110)
    save = gr.Button("Save now", elem_id="train-save-button", min_width=110, interactive=False)
    sample = gr.Button(
        "Sample now", elem_id="train-sample-button", min_width=110, interactive=False
    )
    added = add.click(
        lambda *values: _add(worker, resuming, values),
        [*form.controls, resuming.control],
        api_visibility="private",
    )
    asked = [_on_click(save, runner, "save"), _on_click(sample, runner, "sample")]
    return Asked([stop_button("train", save), stop_button("train", sample)], [added, *asked])


def take_from(source: Form[GenerateSettings], form: Form[TrainSettings], button: gr.Button) -> None:
    """Connect a button that copies the Generate tab's values to the previews' controls.

    The group of those controls is opened, and a toast says what was taken.
    """
    group = form.groups[_group_of(form)]

    def take(name: str | None, *values: Any) -> list[Any]:
        taken = preview_values(source.values(values), name)
        gr.Info(taken_words(form, taken))
        return [gr.update(open=True), *form.updates(taken)]

    button.click(
        take,
        [form.by_path["embedding"], *source.controls],
        [group, *form.controls],
        **UNQUEUED,
    )


def taken_words(form: Form[TrainSettings], taken: dict[str, Any]) -> str:
    """Say which fields of the form were filled, by their labels."""
    labels = [knob.ui.label for knob in form.knobs if knob.path in taken]
    return f"Taken from Generate: {', '.join(labels)}."


def _group_of(form: Form[TrainSettings]) -> str:
    return next(knob.ui.group for knob in form.knobs if knob.path == "preview_steps")


def preview_values(values: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Convert the Generate tab's settings to those of previews."""
    named = {_IMAGES.get(path, _PREVIEW + path): value for path, value in values.items()}
    known = {path: named[path] for path in TrainSettings.model_fields if path in named}
    for path in ("preview_prompt", "preview_negative_prompt"):
        known[path] = (known[path] or "").replace(f"<{name}>", "[name]")
    if known["preview_seed"] is not None and known["preview_seed"] < 0:
        # Every preview needs the same seed, so "a new one each time" is left out.
        del known["preview_seed"]
    if known["preview_images"] is not None:
        known["preview_images"] = min(known["preview_images"], 16)
    return known


def _on_click(button: gr.Button, runner: Runner, request: Request) -> Any:
    def ask() -> None:
        runner.ask("train", request)
        gr.Info("Asked; it comes after this step.")

    return button.click(ask, **QUIET)


def _add(worker: QueueWorker, resuming: ResumeChoice, values: tuple[Any, ...]) -> None:
    with page_errors(resuming.form):
        settings = resuming.settings(values)
        worker.queue.add_once(settings)
    worker.wake()
    gr.Info("Added to the queue; see the Runs tab.")
