"""The outcome for one source picture, between the recipe and the destination."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from preprocessing.files.manifest import Entry
from preprocessing.prepared import PreparedSet


@dataclass(frozen=True)
class Outcome:
    """A source picture's results; or its manifest entry, if done before; or its problem."""

    picture: Path
    mark: str = ""
    prepared: PreparedSet | None = None
    entry: Entry | None = None
    problem: str = ""
