"""Step 1: the chosen pictures with the crop that each will have, and the sample sets."""

from __future__ import annotations

import secrets
from pathlib import Path

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from preprocessing.files.manifest import Crop
from textual_inversion.errors import TextualInversionError
from textual_inversion.images.decoding import path_text
from textual_inversion.models.catalog import native_size
from textual_inversion.settings import StartSettings
from webui.event_options import HEAR_BUTTONS, UNQUEUED, WHILE_TYPING
from webui.folders.allowed import ALLOWED, real, shown
from webui.html import paragraph, render
from webui.served_images import thumbnail_url
from webui.start import picture_set
from webui.start.picture_set import PictureSet

_MOST_SHOWN = 24
_WHOLE: Crop = (0.0, 0.0, 1.0, 1.0)
_NEARLY_WHOLE = 0.995


class Chosen:
    """The drawn pictures, beside the field with their folder."""

    def __init__(self, base_model: Component) -> None:
        self._model = base_model
        # What is said of a folder that was just chosen here, until it is drawn.
        self._said: dict[str, str] = {}
        # Its place is inside of the form, which is drawn later.
        self.view = gr.HTML(js_on_load=HEAR_BUTTONS, elem_id="start-pictures", render=False)

    def listen(self, folder: Component) -> None:
        """Draw what the folder holds when it is chosen, and do what the drawn buttons say."""
        inputs = [folder, self._model]
        # When the page opens, and when one of the two changes.
        gr.on(None, self._draw, inputs, self.view, **WHILE_TYPING)
        self.view.click(self._act, inputs, [self.view, folder], **UNQUEUED)

    def _draw(self, name: str | None, model: str | None) -> Markup:
        return chosen_html(name, model, self._said.pop(name or "", ""), "done")

    def _act(
        self, name: str | None, model: str | None, event: gr.EventData
    ) -> tuple[object, object]:
        """Take a sample set, take a picture out, or put the last one back."""
        do, which = str(event.do), str(event.which)
        folder, said, style = name or "", "", "done"
        try:
            if do == "sample" and which in dict(picture_set.sample_sets()):
                folder = which
            elif do == "out":
                folder, said = picture_set.take_out(_readable(folder), which)
            elif do == "back":
                said = picture_set.put_back(_readable(folder))
        except TextualInversionError as error:
            said, style = str(error), "wrong"
        if folder == (name or ""):
            return chosen_html(folder, model, said, style), gr.skip()
        # The field's change draws what the folder holds.
        self._said[folder] = said
        return gr.skip(), folder


def chosen_html(name: str | None, model: str | None, said: str = "", style: str = "") -> Markup:
    """Draw the pictures of a folder, each with its crop, or the sample sets where none is chosen.

    `said` is a sentence above them, in a style of paragraphs.
    """
    note = paragraph(said, style=style) if said else Markup()
    samples = [
        (path, Path(path).name, thumbnail_url(str(first)))
        for path, first in picture_set.sample_sets()
    ]
    if not (name or "").strip():
        return render("start/chosen", said=note, samples=samples, drawn=Markup())
    try:
        drawn = _drawn(str(name), str(model or ""))
    except TextualInversionError as error:
        drawn = paragraph(str(error), style="wrong")
    return render("start/chosen", said=note, samples=samples, drawn=drawn)


def _readable(name: str) -> PictureSet:
    ALLOWED.check(str(real(name)))
    return picture_set.read_set(name)


def _drawn(name: str, model: str) -> Markup:
    if not ALLOWED.holds(real(name)):
        return Markup()  # pressing Train asks for it first
    chosen = picture_set.read_set(name)
    size = native_size(model)
    settings = StartSettings.build({"folder": name, "name": "any", "model": model})
    prepared = picture_set.preparing(settings)
    rows = [
        (str(one.relative_to(chosen.folder)), path_text(Path(one.name)), thumbnail_url(str(one)),
         _visible(picture_set.crop_of(one, prepared, size)))
        for one in chosen.pictures[:_MOST_SHOWN]
    ]  # fmt: skip
    return render(
        "start/pictures",
        turn=secrets.token_hex(4),
        rows=rows,
        folder=shown(chosen.folder),
        size=size,
        num_pictures=len(chosen.pictures),
        num_more=max(len(chosen.pictures) - _MOST_SHOWN, 0),
        num_taken_out=picture_set.num_taken_out(chosen),
        is_cropped=any(crop != _WHOLE for *_, crop in rows if crop),
        is_few=len(chosen.pictures) < 3,
    )


def _visible(crop: Crop | None) -> Crop | None:
    """Return a crop of nearly everything as one of everything."""
    return _WHOLE if crop and min(crop[2:]) > _NEARLY_WHOLE else crop
