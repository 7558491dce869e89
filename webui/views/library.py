"""The embeddings folder as HTML: what is found in it, and all that is known of one embedding."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from textual_inversion.embeddings.families import FAMILIES
from textual_inversion.embeddings.library import Entry, Library
from textual_inversion.embeddings.library.pictures import Pictures
from textual_inversion.embeddings.library.scanning import stamp_of
from textual_inversion.embeddings.library.search import misfit, same_word, search
from textual_inversion.errors import TextualInversionError
from textual_inversion.models.catalog import describe_model
from textual_inversion.storage.paths import find_folder
from webui import choices
from webui.html import paragraph, render
from webui.served_images import thumbnail_url

if TYPE_CHECKING:
    from textual_inversion.embeddings.inspection import Inspection

PAGE = 40
_FRESH_SECONDS = 1.0
_LOOK_EVERY_SECONDS = 2.0


class Shelf:
    """The embeddings folder, as it was a second ago at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked = self._marked = float("-inf")
        self._entries: list[Entry] = []
        self._state_key: object = None

    @property
    def library(self) -> Library:
        """The library that the whole page uses."""
        return choices.library(find_folder("embeddings"))

    def entries(self) -> list[Entry]:
        """List what is there; nothing where the folder cannot be read."""
        with self._lock:
            if time.monotonic() - self._looked > _FRESH_SECONDS:
                try:
                    self._entries = self.library.list()
                except (TextualInversionError, OSError):
                    self._entries = []
                self._looked = time.monotonic()
            return self._entries

    def forget(self) -> None:
        """Look anew at the next chance, because something was changed here."""
        self._looked = self._marked = float("-inf")

    def state_key(self) -> object:
        """Compute a key of the folder's state, every two seconds for all pages together."""
        with self._lock:
            if time.monotonic() - self._marked > _LOOK_EVERY_SECONDS:
                self._state_key = hash(self.library.folders_state_key())
                self._marked = time.monotonic()
            return self._state_key

    def find(self, key: str) -> Entry | None:
        """Find the entry of that key."""
        return next((entry for entry in self.entries() if entry.key == key), None)


def model_widths(model: str | None) -> tuple[int, ...]:
    """Return the widths that the base model takes; empty where there is no such model."""
    try:
        return describe_model(model or "").widths
    except (TextualInversionError, OSError):
        return ()


def list_html(
    shelf: Shelf, text: str, model: str | None, *, only_fitting: bool, limit: int, chosen: str
) -> Markup:
    """Draw the embeddings that are looked for."""
    entries, widths = shelf.entries(), model_widths(model)
    if not entries:
        return paragraph("No embeddings yet: create one, or drop a file here.", style="none")
    found = search(entries, text)
    if only_fitting:
        found = [entry for entry in found if entry.widths == widths]
    pictures = Pictures(find_folder("runs"))
    return render(
        "views/library/list",
        rows=[_row(entry, pictures, widths, shelf.library.folder) for entry in found[:limit]],
        chosen=chosen,
        num_found=len(found),
        num_all=len(entries),
        num_more=max(0, len(found) - limit),
    )


def details_html(shelf: Shelf, key: str, model: str | None) -> Markup:
    """Draw where an embedding works and what its vectors are like."""
    entry = shelf.find(key)
    if entry is None:
        empty = "Choose an embedding to see where it works and what is in it."
        return paragraph(empty, style="none")
    return _problem(entry) if entry.problem else _details(shelf, entry, model)


def _problem(entry: Entry) -> Markup:
    facts = [("File", str(entry.path)), ("Written", written(entry))]
    return render("views/library/problem", name=entry.name, problem=entry.problem, facts=facts)


def _details(shelf: Shelf, entry: Entry, model: str | None) -> Markup:
    widths = model_widths(model)
    try:
        one = _inspect(entry.path, stamp_of(entry.path), model if widths == entry.widths else None)[
            entry.index
        ]
    except (TextualInversionError, IndexError) as error:
        return paragraph(str(error) or "The file has just been changed.", style="wrong")
    picture = Pictures(find_folder("runs")).of(entry)
    return render(
        "views/library/details",
        entry=entry,
        one=one,
        url=thumbnail_url(str(picture)) if picture else "",
        misfit=misfit(entry, widths) if widths else "",
        facts=_facts(entry, one),
        others=_others(shelf.entries(), entry),
    )


@lru_cache(maxsize=64)
def _inspect(path: Path, stamp: object, model: str | None) -> list[Inspection]:
    """Inspect a file as it is now, which `stamp` marks."""
    from textual_inversion.embeddings.inspection import inspect

    del stamp
    return inspect(path, model)


def _facts(entry: Entry, one: Inspection) -> list[tuple[str, str]]:
    hash_ = f" [{one.base_model_hash}]" if one.base_model_hash else ""
    facts = [
        ("Family", one.family),
        ("Vectors", vectors(entry)),
        ("Step", str(one.step)),
        ("Base model", f"{one.base_model}{hash_}" if one.base_model else ""),
        ("Started from", one.initialization_text or ""),
        ("Settings", one.settings or ""),
        ("Written", written(entry)),
        ("File", str(entry.path)),
    ]
    return [(term, text) for term, text in facts if text]


def _others(entries: Sequence[Entry], entry: Entry) -> list[tuple[Entry, str]]:
    """List the same word for all models, this entry among them; empty if it is alone."""
    same = same_word(entries, entry)
    return [(one, vectors(one)) for one in same] if len(same) > 1 else []


def _row(entry: Entry, pictures: Pictures, widths: tuple[int, ...], folder: Path) -> dict[str, Any]:
    picture = pictures.of(entry)
    step = f"step {entry.step}" if entry.step else "not trained"
    known = FAMILIES.get(entry.widths)
    facts = [] if entry.problem else [vectors(entry), *([known] if known else []), step]
    return {
        "entry": entry,
        "url": thumbnail_url(str(picture)) if picture else "",
        "file": entry.path.relative_to(folder),
        "facts": [*facts, written(entry)],
        "problem": entry.problem or (misfit(entry, widths) if widths else ""),
    }


def vectors(entry: Entry) -> str:
    """Write how many vectors there are and how wide they are."""
    plural = "" if entry.num_vectors == 1 else "s"
    return f"{entry.num_vectors} vector{plural} of {' and '.join(map(str, entry.widths))}"


def written(entry: Entry) -> str:
    """Write the day on which the vectors were written, or else the file."""
    return entry.date or date.fromtimestamp(entry.written).isoformat()
