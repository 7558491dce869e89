"""A panel that publishes the chosen embedding on the Hugging Face Hub, after showing what goes."""

from __future__ import annotations

import secrets
import threading
from typing import TYPE_CHECKING, Any

import gradio as gr

from textual_inversion.errors import TextualInversionError
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.event_options import UNQUEUED
from webui.html import paragraph, render

if TYPE_CHECKING:
    from textual_inversion.embeddings.sharing.publish import Publication

_ABOUT = (
    "A repository with the vectors for all programs, a card and the newest previews. The token is "
    "that of `hf auth login` or of `HF_TOKEN`, on the machine that runs this page."
)
_MOST_PREPARED = 16  # a few MB of previews each
_FROM_FAMILY = "that of the base model"
_LICENSES = (
    *(_FROM_FAMILY, "creativeml-openrail-m", "openrail++", "cc0-1.0", "cc-by-4.0"),
    *("cc-by-nc-4.0", "apache-2.0", "mit", "other"),
)


class _Prepared:
    """The newest publications that pages have shown, by a key that cannot be guessed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Publication] = {}

    def keep(self, publication: Publication) -> str:
        """Keep one, instead of the oldest of many; return its key."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self._found[key] = publication
            while len(self._found) > _MOST_PREPARED:
                del self._found[next(iter(self._found))]
        return key

    def take(self, key: str) -> Publication | None:
        """Give one back, once."""
        with self._lock:
            return self._found.pop(key, None)


_prepared = _Prepared()


def draw(embedding: Any) -> None:
    """Draw the panel; `embedding` is the control that holds the name."""
    with gr.Accordion("Publish on the Hugging Face Hub", open=False):
        gr.Markdown(_ABOUT)
        with gr.Row():
            repository = gr.Textbox(
                label="Repository", placeholder="OWNER/NAME, or NAME for one of your own",
                elem_id="train-publish-repository",
            )  # fmt: skip
            license_id = gr.Dropdown(
                list(_LICENSES), label="License", allow_custom_value=True,
                elem_id="train-publish-license",
            )  # fmt: skip
        public = gr.Checkbox(
            label="Public: everybody can see and download it", elem_id="train-publish-public"
        )
        show = gr.Button(
            "Show what will be uploaded", size="sm", elem_id="train-publish-show-button"
        )
        shown = gr.HTML(elem_id="train-publish-summary")
        send = gr.Button(
            "Upload this", size="sm", variant="primary", visible=False,
            elem_id="train-publish-upload-button",
        )  # fmt: skip
    prepared = gr.Textbox(visible=False)
    fields = [embedding, repository, license_id, public]
    show.click(_show, fields, [prepared, shown, send], **UNQUEUED)
    send.click(_send, prepared, [prepared, shown, send], **UNQUEUED)
    # What is uploaded is what was shown.
    for field in fields:
        field.change(_forget, None, [prepared, shown, send], **UNQUEUED)


def _show(name: str | None, repository: str, license_id: str | None, public: bool) -> Any:  # noqa: FBT001
    from textual_inversion.embeddings.sharing.publish import Choices, prepare

    license_id = "" if license_id in {None, _FROM_FAMILY} else license_id
    wanted = Choices(public=public, license=license_id or "")
    try:
        library = choices.library(find_folder("embeddings"))
        publication = prepare(library, name or "", repository, wanted)
    except TextualInversionError as error:
        return _forget(str(error))
    summary = render("preformatted", text=publication.summary)
    return _prepared.keep(publication), summary, gr.Button(visible=True)


def _send(key: str) -> Any:
    from textual_inversion.embeddings.sharing.publish import publish

    publication = _prepared.take(key)
    if publication is None:
        return _forget("This is no longer kept; show it once more." if key else "")
    try:
        address = publish(publication)
    except TextualInversionError as error:
        return _forget(str(error))
    return "", render("tabs/published", address=address), gr.Button(visible=False)


def _forget(why: str = "") -> Any:
    return "", paragraph(why, style="wrong") if why else "", gr.Button(visible=False)
