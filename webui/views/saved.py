"""A file that was asked for: its link, which the page follows at once."""

from __future__ import annotations

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
