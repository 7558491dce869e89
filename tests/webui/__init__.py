"""Tests of the page."""

import webui  # noqa: F401 - before Gradio, whose import it shortens
