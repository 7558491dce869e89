"""The base models and VAEs that are here, as a table."""

from __future__ import annotations

from markupsafe import Markup

from textual_inversion.models.listing.entries import ModelEntry, list_entries
from webui.html import paragraph, render
from webui.jobs import is_warm

_USE = [("use", "Use")]
_USE_VAE = [("vae", "Use as VAE")]


def models_html() -> Markup:
    """Draw what the scanned folders and the Hub's cache hold now."""
    entries = list_entries()
    if not entries:
        return paragraph("No base models yet. Put one into models/, or download one.", style="none")
    opened = _opened()
    rows = [(entry, entry.path == opened, _actions(entry)) for entry in entries]
    return render("views/models", rows=rows)


def _actions(entry: ModelEntry) -> list[tuple[str, str]]:
    return _USE_VAE if entry.kind == "vae" else _USE


def _opened() -> str | None:
    """Return the path of the open model; none is open before torch is imported."""
    if not is_warm():
        return None
    from textual_inversion.models.opening import opened_name

    return opened_name()
