"""The Base Models tab: what is here and what it is, other folders, downloads from the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from textual_inversion.models.listing.entries import list_entries
from textual_inversion.models.listing.folders import added_folders, keep_folders
from textual_inversion.models.listing.hashes import short_hash
from webui import choices
from webui.event_options import HEAR_BUTTONS, QUIET, UNQUEUED
from webui.form import Form
from webui.html import paragraph
from webui.layout import lead, page_errors
from webui.tabs.model_download import download
from webui.views.models_table import models_html

_LEAD = (
    "Diffusers folders and single files in models/ and in the folders below. The model that you "
    "use is opened once for training and pictures; its memory is given back when another is opened."
)


class Models:
    """The drawn tab."""

    def __init__(self) -> None:
        lead(_LEAD)
        with gr.Row(elem_classes="ti-buttons"):
            self._again = gr.Button("Look again", elem_id="models-scan-button")
            self._hash = gr.Button("Compute the hashes", elem_id="models-hash-button")
        self._table = gr.HTML(elem_id="models-table", js_on_load=HEAR_BUTTONS)
        with gr.Row(elem_classes="ti-columns"):
            with gr.Column(min_width=320, elem_classes="ti-card"):
                self._draw_folders()
            with gr.Column(min_width=320, elem_classes="ti-card"):
                self._draw_download()

    def _draw_folders(self) -> None:
        self._folders = gr.Textbox(
            _folders(),
            lines=3,
            label="Other folders with base models",
            info="A path a line; their sub-folders are looked through, too.",
            elem_id="models-folders",
        )
        self._keep = gr.Button("Keep", elem_id="models-keep-button")

    def _draw_download(self) -> None:
        self._name = gr.Textbox(
            label="Download from the Hugging Face Hub",
            info="A model's name there, owner/model. A token is taken from HF_TOKEN.",
            elem_id="models-download-name",
        )
        with gr.Row(elem_classes="ti-row"):
            self._revision = gr.Textbox(
                label="Revision",
                info="A branch, tag or commit.",
                min_width=130,
                elem_id="models-download-revision",
            )
            self._variant = gr.Textbox(
                label="Variant",
                info="Such as fp16; empty takes full weights.",
                min_width=130,
                elem_id="models-download-variant",
            )
        self._get = gr.Button("Download", variant="primary", elem_id="models-download-button")
        self._status = gr.HTML(elem_id="models-download-line")

    def listen(self, tab: gr.Tab, base_model: Component, forms: list[Form[Any]]) -> None:
        """Hear the buttons; a model goes into the page's choice, a VAE into the forms."""
        table, folders = self._table, self._folders
        vaes = [form.by_path["vae"] for form in forms]
        tab.select(models_html, None, table, **UNQUEUED)
        self._again.click(lambda: (_folders(), models_html()), None, [folders, table], **QUIET)
        self._hash.click(_hash_all, None, table, api_visibility="private")
        kept = self._keep.click(_keep, folders, [folders, table], api_visibility="private")
        filled = [base_model, *vaes]
        kept.success(lambda: _offered(len(vaes)), None, filled, **UNQUEUED)
        table.click(_chooser(len(vaes)), None, filled, **QUIET)
        given = [self._name, self._revision, self._variant]
        got = self._get.click(_download, given, self._status, api_visibility="private")
        got.success(models_html, None, table, **UNQUEUED)
        got.success(lambda: _offered(len(vaes)), None, filled, **UNQUEUED)


def _chooser(num_vaes: int) -> Any:
    """Make the handler that takes over the model or the VAE whose button was pressed."""

    def choose(event: gr.EventData) -> list[Any]:
        pressed = gr.update(value=str(event.which))
        if event.do == "vae":
            return [gr.skip(), *([pressed] * num_vaes)]
        return [pressed, *([gr.skip()] * num_vaes)]

    return choose


def _offered(num_vaes: int) -> list[Any]:
    vaes = gr.update(choices=choices.vaes())
    return [gr.update(choices=choices.models()), *([vaes] * num_vaes)]


def _folders() -> str:
    return "\n".join(str(folder) for folder in added_folders())


def _keep(text: str | None) -> tuple[str, str]:
    with page_errors():
        keep_folders((text or "").splitlines())
    return _folders(), models_html()


def _hash_all() -> str:
    """Compute the hashes that are not known yet."""
    with page_errors():
        for entry in list_entries():
            if not entry.problem:
                short_hash(Path(entry.path))
    return models_html()


def _download(name: str | None, revision: str | None, variant: str | None) -> Iterator[str]:
    with page_errors():
        for sentence in download(name or "", revision or "", variant or ""):
            yield paragraph(sentence)
