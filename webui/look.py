"""How the page looks: a theme of system fonts, and the style sheet beside this file."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

STYLE_SHEET = Path(__file__).with_name("look.css")
HEADER = """
<header class="ti-header">
  <h1>Textual Inversion</h1>
  <p>Teach Stable Diffusion a new word from a few pictures:
  <b>create</b> it, <b>prepare</b> the pictures, <b>train</b> it, and use it in prompts.</p>
</header>
"""


def theme() -> gr.Theme:
    """Make the theme; nothing is fetched from elsewhere."""
    return gr.themes.Soft(
        primary_hue="teal",
        secondary_hue="teal",
        neutral_hue="slate",
        radius_size="md",
        spacing_size="md",
        text_size="md",
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
    ).set(block_shadow="none", block_label_text_weight="600")
