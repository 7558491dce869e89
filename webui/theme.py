"""How the page looks: a theme of system fonts, and the style sheet beside this file."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

from webui.html import render

STYLE_SHEET = Path(__file__).with_name("theme.css")
HEADER = render("header")


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
    ).set(
        body_background_fill="*neutral_50",
        body_text_color_subdued="*neutral_500",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_info_text_color="*neutral_500",
        block_info_text_size="12px",
        block_label_background_fill="*background_fill_primary",
        block_label_background_fill_dark="*background_fill_primary",
        block_label_text_color_dark="*body_text_color_subdued",
        block_label_text_color="*body_text_color_subdued",
        block_label_text_weight="500",
        block_shadow="none",
        block_title_background_fill="none",
        block_title_background_fill_dark="none",
        block_title_padding="0",
        block_title_text_color="*body_text_color",
        block_title_text_color_dark="*body_text_color",
        block_title_text_weight="600",
        button_large_padding="10px 16px",
        button_large_text_size="*text_md",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_dark="*neutral_600",
        error_text_color_dark="#fca5a5",  # Gradio's own is white, for red grounds
        button_border_width="1px",
        # Contrast of 4.5:1 and more (WCAG 2.2, 1.4.3): white on teal 500 has 2.5:1.
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_border_color="*primary_700",
        checkbox_label_background_fill_selected="*primary_700",
        checkbox_label_background_fill_selected_dark="*primary_700",
        checkbox_background_color_selected="*primary_700",
        checkbox_background_color_selected_dark="*primary_600",
        color_accent="*primary_700",
        slider_color="*primary_700",
        slider_color_dark="*primary_400",
        checkbox_border_color="*neutral_400",
        checkbox_border_color_dark="*neutral_500",
        form_gap_width="0px",
        input_background_fill="*background_fill_primary",
        input_background_fill_dark="*neutral_900",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_600",
        input_border_width="1px",
        input_shadow="none",
        layout_gap="14px",
    )
