"""What came of one source picture, on its way from the recipe to the destination."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from preprocessing.files.manifest import Entry
from preprocessing.prepared import Made


@dataclass(frozen=True)
class Outcome:
    """A picture of some mark, and what it became; or that it is done; or why it cannot be used."""

    picture: Path
    mark: str = ""
    made: Made | None = None
    entry: Entry | None = None
    complaint: str = ""
