"""The caption editor's controls, as they are laid out."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.components import Component

from webui.caption_editor.actions import CHANGES, STEPS
from webui.caption_editor.rendering import SHOWS
from webui.folders.field import pictures_in
from webui.html import render
from webui.layout import lead

_CHOOSE = Path(__file__).with_name("choosing.js").read_text(encoding="utf-8")
_ENLARGE = Path(__file__).with_name("enlarging.js").read_text(encoding="utf-8")
_PICK = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-pick]');
  if (button) trigger('click', {pick: button.dataset.pick});
});
"""


class Fields:
    """What the editor is made of."""

    def __init__(self) -> None:
        lead(render("caption_editor/lead"))
        with gr.Row(elem_classes="ti-row"):
            self.folder = gr.Textbox(
                label="Dataset directory", scale=4, elem_id="captions-folder",
                info="The folder with the pictures; captions are .txt files of the same names.",
            )  # fmt: skip
            self.open = gr.Button("Open", variant="primary", elem_id="captions-open-button")
        pictures_in(self.folder)
        self.summary = gr.HTML(elem_id="captions-summary")
        with gr.Column(visible=False) as self.all:
            self._draw()
        self.large = gr.HTML(js_on_load=_ENLARGE, elem_id="captions-large")
        self.view = gr.JSON({}, visible=False, elem_id="captions-view")

    @property
    def drawn(self) -> list[Component]:
        """What is drawn anew when something has changed."""
        outputs = [self.view, self.all, self.caption, self.note, self.leaf, self.before, self.after]
        return [*outputs, *self.shown]  # pyright: ignore[reportReturnType]

    @property
    def shown(self) -> list[Component]:
        """What shows the captions, but for the one that is typed at."""
        return [self.summary, self.grid, self.tags, *self.steps.values()]

    @property
    def typed(self) -> list[Component]:
        """What is drawn anew when a caption was typed in the grid, which stays as it is."""
        return [self.view, self.caption, self.summary, self.tags, *self.steps.values()]

    def _draw(self) -> None:
        with gr.Row(elem_classes="ti-buttons"):
            self.steps = {
                name: gr.Button(
                    label, elem_id=f"captions-{name}-button", min_width=110,
                    variant="primary" if name == "save" else "secondary",
                )
                for name, (label, _) in STEPS.items()
            }  # fmt: skip
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(scale=6, min_width=320):
                self._draw_pictures()
            with gr.Column(scale=4, min_width=300, elem_classes="ti-card"):
                self._draw_changes()

    def _draw_pictures(self) -> None:
        with gr.Row(elem_classes="ti-row"):
            self.show = gr.Radio(list(SHOWS), value="all", label="Show", elem_id="captions-show")
            self.tag = gr.Textbox(label="Tag", elem_id="captions-tag", min_width=130)
        with gr.Row():
            self.every = _small("every", "Choose all")
            self.none = _small("none", "Choose none")
            self.before = _small("before", "Earlier pictures")
            self.after = _small("after", "Later pictures")
        self.leaf = gr.HTML(elem_id="captions-leaf", elem_classes="ti-note")
        self.grid = gr.HTML(elem_id="captions-grid", js_on_load=_CHOOSE, apply_default_css=False)

    def _draw_changes(self) -> None:
        self.caption = gr.Textbox(
            label="Caption", lines=4, interactive=False, elem_id="captions-caption",
            info="Of the picture that was chosen last; Ctrl+Enter goes on to the next one.",
        )  # fmt: skip
        self.note = gr.HTML(elem_id="captions-tokens", elem_classes="ti-note")
        adding = "For adding: one tag, or several with commas."
        replacing = r"Empty removes; \1 is the first group of an expression."
        self.edit = [
            gr.Textbox(label="Tag or text", info=adding, elem_id="captions-text"),
            gr.Textbox(label="Replace by", info=replacing, elem_id="captions-replacement"),
            gr.Checkbox(label="Regular expression", elem_id="captions-expression"),
            gr.Checkbox(label="Not only whole tags", elem_id="captions-anywhere"),
        ]
        with gr.Row():
            self.changes = {name: _small(name, label) for name, (label, _) in CHANGES.items()}
        self.tags = gr.HTML(elem_id="captions-tags", js_on_load=_PICK, apply_default_css=False)


def _small(name: str, label: str) -> gr.Button:
    return gr.Button(label, size="sm", min_width=120, elem_id=f"captions-{name}-button")
