"""A panel that publishes the chosen embedding on the Hugging Face Hub, after showing what goes."""

from __future__ import annotations

import secrets
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
_FROM_FAMILY = "that of the base model"
_LICENSES = (
    *(_FROM_FAMILY, "creativeml-openrail-m", "openrail++", "cc0-1.0", "cc-by-4.0"),
    *("cc-by-nc-4.0", "apache-2.0", "mit", "other"),
)
# What pages were shown, by keys that only those pages have: Gradio's own state of a session would
# keep the session alive.
_prepared: dict[str, Publication] = {}
_MOST_PREPARED = 8


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
    prepared = gr.Textbox("", visible=False)
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
    key = secrets.token_urlsafe(16)
    _prepared[key] = publication
    for oldest in list(_prepared)[:-_MOST_PREPARED]:
        _prepared.pop(oldest, None)
    return key, render("preformatted", text=publication.summary), gr.Button(visible=True)


def _send(key: str) -> Any:
    from textual_inversion.embeddings.sharing.publish import publish

    publication = _prepared.pop(key, None)
    if publication is None:
        return _forget("What was shown is not kept any more; press the button above again.")
    try:
        address = publish(publication)
    except TextualInversionError as error:
        return _forget(str(error))
    return "", render("tabs/published", address=address), gr.Button(visible=False)


def _forget(why: str = "") -> Any:
    return "", paragraph(why, style="wrong") if why else "", gr.Button(visible=False)
