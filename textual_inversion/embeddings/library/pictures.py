"""The picture that stands for an embedding: a preview of its training, or one beside its file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.library.beside import picture_beside
from textual_inversion.embeddings.library.entry import Entry
from textual_inversion.embeddings.provenance import newest_preview_file
from textual_inversion.errors import SettingsError
from textual_inversion.names import strip_brackets
from textual_inversion.settings import read_settings_file

_NUMBERED = re.compile(r"(.+)-\d+")


class Pictures:
    """Finds pictures of many embeddings; the folder of runs is looked through once."""

    def __init__(self, runs: Path) -> None:
        self._runs: dict[str, list[Path]] = {}
        # Folders are called by their day, so the newest come first.
        for folder in sorted(runs.glob("*/*/"), reverse=True):
            for name in _names(folder.name):
                self._runs.setdefault(name, []).append(folder)

    def of(self, entry: Entry) -> Path | None:
        """Find the newest preview of a run of this name, the picture beside it, or itself."""
        for folder in self._runs.get(entry.name, []):
            if _trains(folder, entry.name) and (preview := newest_preview_file(folder)):
                return preview
        if entry.path.suffix.lower() in formats.PICTURES:
            return entry.path
        return picture_beside(entry.path)


def _names(folder_name: str) -> Iterator[str]:
    """Yield what was trained in a run's folder: a second run of one day has a number behind it."""
    yield folder_name
    if numbered := _NUMBERED.fullmatch(folder_name):
        yield numbered[1]


def _trains(folder: Path, name: str) -> bool:
    try:
        settings = read_settings_file(folder / "settings.json")
    except SettingsError:
        return folder.name == name
    return strip_brackets(str(settings.get("embedding"))) == name
