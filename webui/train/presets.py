"""What stands below the field of presets: keep one, take it from a run, files up and down."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from textual_inversion.errors import SettingsError, TextualInversionError
from textual_inversion.jobs.runner import Runner
from textual_inversion.settings import SCHEMA_VERSION, TrainSettings
from textual_inversion.settings.presets.checked import save_preset
from textual_inversion.settings.presets.kept import (
    NO_PRESET,
    delete_preset,
    own_presets,
    read_text,
)
from webui import choices
from webui.event_options import QUIET, UNQUEUED
from webui.fields.wording import in_labels
from webui.form import Form
from webui.html import paragraph, render
from webui.train.finding import FindingBar
from webui.train.loading import shown_settings

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


class PresetRow:
    """The row of buttons; it is drawn inside the form, and told of it by `listen`."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def draw(self, field: Component) -> None:
        """Draw the row below the field of presets."""
        self._field = field
        self._view = gr.HTML(_row(), js_on_load=_SCRIPT, elem_id="train-preset-row")

    def listen(self, form: Form[TrainSettings], bar: FindingBar) -> None:
        """Hear the buttons; whatever is kept is offered at once, and when a page opens."""

        def act(kept: Any, event: gr.EventData) -> list[Any]:
            try:
                said, chosen = self._act(event, form.known(kept))
            except TextualInversionError as error:
                said = in_labels(str(error), TrainSettings)
                return [_row(paragraph(said, style="wrong")), gr.skip(), gr.skip()]
            offered = gr.update(choices=choices.presets(), **chosen)
            return [_row(paragraph(said, style="done")), offered, bar.html()]

        outputs = [self._view, self._field, bar.view]
        self._view.click(act, form.kept, outputs, **QUIET)
        gr.on(
            None,
            lambda: [gr.update(choices=choices.presets()), bar.html()],
            None,
            outputs[1:],
            **UNQUEUED,
        )

    def _act(self, event: gr.EventData, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Do what was asked for; return a sentence, and how the field changes."""
        name = str(event.name).strip()
        actions: dict[str, Callable[[], tuple[str, dict[str, Any]]]] = {
            "save": lambda: _save(name, values, values["preset"]),
            "run": lambda: _keep(name, self._of_run(), "The run"),
            "upload": lambda: _keep(name, read_text(str(event.text), f"{name}.json"), name),
            "delete": lambda: _delete(name),
        }
        return actions[str(event.do)]()

    def _of_run(self) -> dict[str, Any]:
        """Read the settings of the run that is shown."""
        return shown_settings(self._runner.begun("train"))


def _save(name: str, values: dict[str, Any], chosen: str) -> tuple[str, dict[str, Any]]:
    """Keep the form's values; the preset that is chosen may be replaced, no other."""
    path = _kept(name, values, "This form", replaced=chosen)
    return _where(path), {"value": path.stem}


def _keep(name: str, values: dict[str, Any], where: str) -> tuple[str, dict[str, Any]]:
    return _where(_kept(name, values, where)), {}


def _kept(name: str, values: dict[str, Any], where: str, replaced: str = "") -> Path:
    if name in own_presets() and name != replaced:
        raise SettingsError(
            f'There is a preset "{name}" already; choose it and delete it first, or take another '
            "name."
        )
    return save_preset(name, values, where)


def _where(path: Path) -> str:
    return f"Kept as {path.stem}, in {path}."


def _delete(name: str) -> tuple[str, dict[str, Any]]:
    delete_preset(name)
    return f"Deleted {name}; the form stays as it is.", {"value": NO_PRESET}


def _row(said: Markup | str = "") -> Markup:
    # Equal HTML would not be drawn again, over a name that was typed.
    turn = secrets.token_hex(4)
    return render("train/presets", said=said, turn=turn, version=SCHEMA_VERSION)
