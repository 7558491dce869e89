"""What stands below a field that asks for a folder of pictures: drop some, or look for a folder."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from markupsafe import Markup

from preprocessing.files.received import MAX_FILES, Added, Received, add_pictures
from textual_inversion.errors import TextualInversionError
from textual_inversion.images.folder import EXTENSIONS
from webui.event_options import QUIET
from webui.folders import uploads
from webui.folders.allowed import ALLOWED, real, shown
from webui.folders.browsing import listing_html
from webui.html import paragraph, render
from webui.served_images import thumbnail_url

_SCRIPT = Path(__file__).with_name("dropping.js").read_text(encoding="utf-8")
_MOST_THUMBNAILS = 12
_waiting = uploads.Waiting()
Answer = tuple[Any, Any]
"""What is drawn below the field, and what the field then says."""


def pictures_in(folder: Component) -> gr.HTML:
    """Draw below `folder`, a field for a folder of pictures, how pictures come into it."""
    zone = gr.HTML(_zone(), js_on_load=_SCRIPT, elem_id=f"{folder.elem_id}-pictures")
    outputs = [zone, folder]
    zone.upload(_receive, None, outputs, **QUIET)
    zone.click(_choose, None, outputs, **QUIET)
    return zone


def _receive(event: gr.EventData) -> Answer:
    """Take in what was uploaded, or ask where it should go."""
    try:
        received = uploads.uploaded(event.files)
        name = uploads.set_name(str(event.set), received)
        there = uploads.num_pictures(uploads.set_folder(name))
        if there:
            token = _waiting.keep(received, name)
            return _zone(_question(name, there, token), typed=str(event.set)), gr.skip()
        return _added(received, name)
    except TextualInversionError as error:
        return _zone(paragraph(str(error), style="wrong"), typed=str(event.set)), gr.skip()


def _choose(event: gr.EventData) -> Answer:
    """Show a folder, take one, or answer where an upload goes."""
    try:
        if event.action == "go":
            return _zone(listing_html(str(event.value), ALLOWED)), gr.skip()
        if event.action == "use":
            chosen = real(str(event.value))
            ALLOWED.check(str(chosen))
            return _zone(), shown(chosen)
        if event.action in {"add", "new", "drop"}:
            return _answered(str(event.action), *_waiting.take(str(event.value)))
    except TextualInversionError as error:
        return _zone(paragraph(str(error), style="wrong")), gr.skip()
    return _zone(), gr.skip()


def _answered(action: str, received: list[Received], name: str) -> Answer:
    if action == "drop":
        uploads.forget(received)
        return _zone(paragraph("Nothing was added.")), gr.skip()
    return _added(received, name if action == "add" else uploads.free_name(name))


def _added(received: list[Received], name: str) -> Answer:
    try:
        added = add_pictures(received, uploads.set_folder(name))
    finally:
        uploads.forget(received)
    return _zone(_result(added)), shown(added.folder)


def _zone(said: Markup | str = "", *, typed: str = "") -> Markup:
    return render(
        "folders/zone",
        # Equal HTML would not be drawn again, over what the script has written there.
        turn=secrets.token_hex(4),
        endings=" ".join(sorted(EXTENSIONS)),
        most_files=MAX_FILES,
        most_bytes=uploads.MAX_FILE_BYTES,
        typed=typed,
        said=said,
    )


def _question(name: str, there: int, token: str) -> Markup:
    other = uploads.free_name(name)
    return render("folders/question", name=name, num_pictures=there, other=other, token=token)


def _result(added: Added) -> Markup:
    return render(
        "folders/added",
        added=added,
        folder=shown(added.folder),
        thumbnails=[thumbnail_url(str(path)) for path in added.pictures[:_MOST_THUMBNAILS]],
        num_more=max(len(added.pictures) - _MOST_THUMBNAILS, 0),
    )
