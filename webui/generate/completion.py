"""Names of embeddings are completed while one types a prompt; the script is the page's own."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from textual_inversion.errors import TextualInversionError
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.event_options import UNQUEUED
from webui.html import render
from webui.polling import Watched

SCRIPT = Path(__file__).with_name("completion.js")


def names_part() -> Watched:
    """Draw the names where the script finds them; they are renewed when a file comes or goes.

    They stand outside of the tabs, of which a browser draws those alone that were opened.
    """
    names = gr.HTML(elem_id="generate-embedding-names", visible="hidden")
    return Watched(names, _names_html, _changed_at)


def listen(page: gr.Blocks) -> None:
    """Complete names on the prompts of the Generate and the Grids tab."""
    page.load(None, None, None, js=SCRIPT.read_text(encoding="utf-8"), **UNQUEUED)


def _names_html() -> str:
    try:
        entries = choices.library(find_folder("embeddings")).list()
    except (TextualInversionError, OSError):
        entries = []
    usable = [entry for entry in entries if not entry.problem]
    return render("generate/embedding_names", entries=usable)


def _changed_at() -> object:
    try:
        return find_folder("embeddings").stat().st_mtime_ns
    except OSError:
        return 0
