"""Results that are computed once: a file each, whole or not there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from textual_inversion.storage.atomic import whole_file


class Cells:
    """Arrays by key in a folder; what is asked for again is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(
        self, name: str, facts: object, make: Callable[[], dict[str, np.ndarray]]
    ) -> dict[str, np.ndarray]:
        """Read the cell, or make it and keep it.

        `facts` is all that the result depends on: another repr is another cell.
        """
        digest = hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
        path = self.folder / f"{name}-{digest}.npz"
        if not path.exists():
            made = make()
            with whole_file(path) as temporary, temporary.open("wb") as file:
                np.savez_compressed(file, allow_pickle=False, **made)
        with np.load(path) as stored:
            return {key: stored[key] for key in stored.files}
