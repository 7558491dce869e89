"""Downloads of the chosen embedding, one button for each format that other programs read."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from textual_inversion.embeddings.formats.exports import FORMATS, PICTURES
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.event_options import QUIET
from webui.layout import refusals_as_toasts

_ABOUT = (
    "The embedding as its file is now, during a training the last one saved. Each file is read "
    "back before it is offered; folders come as .zip. Which program reads what: docs/files.md."
)


def draw(embedding: Any, tab: str = "train") -> None:
    """Draw the buttons; `embedding` is the control that holds the name, `tab` begins their ids."""
    with gr.Accordion("Download the embedding for other programs", open=False):
        gr.Markdown(_ABOUT)
        with gr.Row():
            buttons = {
                name: gr.Button(
                    name, size="sm", min_width=110, elem_id=f"{tab}-download-{name}-button"
                )
                for name in FORMATS
            }
        file = gr.DownloadButton(
            "Save", size="sm", visible=False, elem_id=f"{tab}-download-file-button"
        )
    for name, button in buttons.items():
        # Queued: what an unqueued event refuses never reaches the page.
        button.click(_exporter(name), embedding, file, **QUIET)


def _exporter(format_name: str) -> Any:
    def write(name: str | None) -> Any:
        with refusals_as_toasts():
            path = write_download(name or "", format_name)
            return gr.DownloadButton(f"Save {path.name}", value=str(path), visible=True)
        return gr.DownloadButton(visible=False)

    return write


def write_download(name: str, format_name: str) -> Path:
    """Export an embedding of the library into the folder that the page serves.

    Raises:
        EmbeddingError: There is no such embedding, or the format has no room for it.
    """
    from textual_inversion.embeddings.formats.exports.export import export
    from textual_inversion.embeddings.provenance import of_the_library

    library = choices.library(find_folder("embeddings"))
    embedding, path = library.load(name), library.path_of(name)
    embedding, extras = of_the_library(embedding, path, with_picture=format_name in PICTURES)
    folder = Path(tempfile.mkdtemp(prefix="download-", dir=os.environ.get("GRADIO_TEMP_DIR")))
    files = export(embedding, format_name, folder / "files", extras=extras)
    if "/" not in FORMATS[format_name].file:
        return files[0]
    archive = folder / f"{embedding.name}-{format_name}"
    return Path(shutil.make_archive(str(archive), "zip", folder / "files"))
