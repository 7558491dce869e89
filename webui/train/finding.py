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
from textual_inversion.settings.presets.checked import HELD, listed
from webui.event_options import UNQUEUED, WHILE_TYPING
from webui.form import Form
from webui.html import render

_SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_KEPT = "kept => { window.keptTrainForm = kept; window.trainForm?.look(); }"


class FindingBar:
    """The bar; it is drawn before the form, and told of it by `listen`."""

    def __init__(self) -> None:
        self.view = gr.HTML(elem_id="train-find", js_on_load=_SCRIPT)
        self._fields: dict[str, Any] = {}

    def listen(self, form: Form[TrainSettings]) -> None:
        """Follow what the browser keeps of the form, and write into its controls."""
        held = {knob.path for knob in HELD}
        self._fields = {
            knob.path: {
                "drawn": form.initial[knob.path],
                "group": form.groups[knob.ui.group].elem_id if knob.ui.advanced else "",
                "marked": knob.path != "preset" and not knob.required,
                "held": knob.path in held,
            }
            for knob in form.own_knobs
        }
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
            "paths": list(self._fields),
            "fields": self._fields,
            "presets": {name: preset.values for name, preset in listed().items()},
        }
        return render("train/finding", known=json.dumps(known), num_fields=len(self._fields))
