"""A file that was asked for: its link, which the page follows at once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from markupsafe import Markup

from webui.html import render
from webui.served_images import url_of

SAVING = """
watch('value', () => element.querySelector('a[data-save]')?.click());
"""


def saved_html(path: Path) -> Markup:
    """Draw the link to a file in the served folder."""
    return render("views/saved", name=path.name, url=url_of(str(path)))


def new_file(name: str) -> Path:
    """Name a file to write in a fresh folder that is served."""
    folder = tempfile.mkdtemp(prefix="download-", dir=os.environ.get("GRADIO_TEMP_DIR"))
    return Path(folder) / name
