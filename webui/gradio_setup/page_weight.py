"""How the page is handed out: compressed, and with its events as plain data.

Gradio's frontend (Svelte) watches every object of the page's description for changes, and looks
for each component through all events. Events never change, so they are not watched: objects whose
prototype is not Object's own are left alone, and the search takes a tenth of the time.
"""

from __future__ import annotations

from typing import Any

from gradio import routes
from markupsafe import Markup
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from webui.html import render

_SMALLEST_BYTES = 10_000
# A page of 1 MB to a tenth, in the time of an image.
_LEVEL = 5

compression = Middleware(GZipMiddleware, minimum_size=_SMALLEST_BYTES, compresslevel=_LEVEL)


def leave_events_unwatched() -> None:
    """Have the page's description written into it as JavaScript that marks its events."""
    filters = routes.templates.env.filters
    written = filters["toorjson"]
    if not isinstance(written, _Written):
        filters["toorjson"] = _Written(written)


class _Written:
    """Gradio's filter for JSON in the page's HTML, with a call around a description."""

    def __init__(self, func: Any) -> None:
        self.func = func

    def __call__(self, value: Any) -> Markup:
        """Write a value as JavaScript."""
        json = self.func(value)
        is_description = isinstance(value, dict) and "dependencies" in value
        return render("unwatched", json=json) if is_description else json
