"""The bar above the Train tab's form: search, what was changed, and the way back.

The browser does all of it (`finding.js`); the server only tells the defaults and the presets.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gradio as gr
from markupsafe import Markup

from textual_inversion.settings import TrainSettings
from textual_inversion.settings.knobs import walk
from textual_inversion.settings.presets.checked import HELD, listed
from webui.event_options import UNQUEUED, WHILE_TYPING
from webui.form import Form
from webui.html import render

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_GROUPS = tuple(dict.fromkeys(knob.ui.group for knob in walk(TrainSettings)))
_KEPT = "kept => { window.keptTrainForm = kept; window.trainForm?.look(); }"


class FindingBar:
    """The bar; it is drawn before the form, and told of it by `listen`."""

    def __init__(self) -> None:
        self.view = gr.HTML(elem_id="train-find", js_on_load=_SCRIPT)
        self._fields: dict[str, list[Any]] = {}
        self._groups: list[str] = []

    def listen(self, form: Form[TrainSettings]) -> None:
        """Follow what the browser keeps of the form, and write into its controls."""
        held = {knob.path for knob in HELD}
        # Short, since each page gets it: value, group, whether it is marked, whether a preset's.
        self._fields = {
            knob.path: [
                form.initial[knob.path],
                _GROUPS.index(knob.ui.group),
                int(knob.path != "preset" and not knob.required),
                int(knob.path in held),
            ]
            for knob in form.own_knobs
        }
        self._groups = ["", *(str(form.groups[group].elem_id) for group in _GROUPS[1:])]
        self.view.value = self.html()
        controls = form.own_controls
        gr.on(None, None, form.kept, None, js=_KEPT, **WHILE_TYPING)
        take = "() => window.trainForm.take()"
        self.view.click(None, None, controls, js=take, **UNQUEUED)
        preset = form.by_path["preset"]
        choose = "name => window.trainForm.choose(name)"
        preset.input(None, preset, controls, js=choose, **UNQUEUED)  # pyright: ignore

    def html(self) -> Markup:
        """Draw the bar with all that the script must know."""
        known = {
            "groups": self._groups,
            "fields": self._fields,
            "presets": {name: preset.values for name, preset in listed().items()},
        }
        return render(
            "train/finding",
            known=json.dumps(known, separators=(",", ":")),
            num_fields=len(self._fields),
        )
