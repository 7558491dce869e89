"""The scripts beside this file, each about one manner of the page, and how they get there."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from webui.event_options import UNQUEUED

NAMES = ("address", "connection", "helps", "keyboard", "mistakes")


def listen(page: gr.Blocks) -> None:
    """Run the scripts when the page opens; each keeps its names to itself."""
    page.load(None, None, None, js=joined(), **UNQUEUED)


def joined() -> str:
    """Write all scripts as one function."""
    folder = Path(__file__).parent
    texts = ((folder / f"{name}.js").read_text(encoding="utf-8") for name in NAMES)
    blocks = "\n".join(f"{{\n{text}}}" for text in texts)
    return f"() => {{\n{blocks}\n}}"
