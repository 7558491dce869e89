"""The captions being edited: one draft a folder, in this process, so that a reload loses nothing.

A page only carries which folder it has open and what is chosen there. Captions that are not saved
end with the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from preprocessing.captions.drafts import Draft, open_draft
from preprocessing.files.folder_walk import dataset_folder
from textual_inversion.errors import DatasetError

MOST_OPEN = 8


class Drafts:
    """The open drafts by the real paths of their folders, the one opened last at the end."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._drafts: dict[str, Draft] = {}

    def open(self, name: str) -> str:
        """Read the captions of a folder, unless some are not saved yet; return the draft's key.

        Raises:
            DatasetError: The folder cannot be read, or too many have captions that are not saved.
        """
        folder = dataset_folder(name)
        key = _key(folder)
        with self._lock:
            known = self._drafts.get(key)
            draft = known if known and known.changed else open_draft(folder)
            self._drafts.pop(key, None)
            self._make_room()
            self._drafts[key] = draft
        return key

    def knows(self, name: str) -> bool:
        """Whether a folder is open."""
        try:
            return _key(dataset_folder(name)) in self._drafts
        except DatasetError:
            return False

    def get(self, key: str) -> Draft:
        """Look a draft up; DatasetError when it is not open any more."""
        with self._lock:
            if key not in self._drafts:
                raise DatasetError("These captions are not open any more; press Open again.")
            return self._drafts[key]

    def update(self, key: str, change: Callable[[Draft], Draft]) -> Draft:
        """Replace the draft by what `change` makes of it, under the lock."""
        with self._lock:
            self._drafts[key] = change(self.get(key))
            return self._drafts[key]

    def discard(self, key: str) -> Draft:
        """Read a folder anew, and forget what was not saved."""
        return self.update(key, lambda draft: open_draft(draft.folder))

    def _make_room(self) -> None:
        for key in [key for key, draft in self._drafts.items() if not draft.changed]:
            if len(self._drafts) >= MOST_OPEN:
                del self._drafts[key]
        if len(self._drafts) >= MOST_OPEN:
            raise DatasetError(
                f"{MOST_OPEN} folders have captions that are not saved; save or discard those of "
                f"{next(iter(self._drafts))} first."
            )


def _key(folder: Path) -> str:
    try:
        return str(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return str(folder)  # reading it says what is wrong
