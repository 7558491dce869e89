"""What an engine does, and which embeddings it has to create."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from textual_inversion.embeddings.create import create
from textual_inversion.embeddings.library import Library
from textual_inversion.runs.requests import Control
from textual_inversion.settings import CreateSettings, TrainSettings
from textual_inversion.storage.paths import find_folder
from textual_inversion.sweeps.batch import RunEvent
from textual_inversion.sweeps.grouping import Group

Before = Callable[[TrainSettings], object]


class Engine(Protocol):
    """Trains groups of runs, each of which can share its passes, for the time of a with block.

    Entering it raises TextualInversionError where the engine cannot be used.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def describe(self, groups: Sequence[Group]) -> str:
        """Say in a sentence how groups will be trained."""
        ...

    def train(
        self, groups: Sequence[Group], control: Control, *, until: int | None = None
    ) -> Iterator[RunEvent]:
        """Train all runs; a stop saves those that have begun, closing the iterator as well.

        With `until` each run stops and saves when its fixed batch is measured at that step or
        next after it; a later call goes on with it.

        Raises:
            TextualInversionError: A base model cannot be opened, or the engine is lost.
        """
        ...


@dataclass(frozen=True)
class Creations:
    """Creates the embedding of a run when its turn has come, unless an earlier sitting did.

    `settings` are by the names of embeddings; new ones go into `folder` of embeddings/.
    """

    settings: dict[str, CreateSettings]
    folder: str

    def make(self, run: TrainSettings) -> None:
        """Create the embedding of a run, if it is not there."""
        all_embeddings = Library(find_folder("embeddings"))
        if all_embeddings.find(run.embedding) is None:
            own = Library(Path(all_embeddings.folder) / self.folder)
            create(self.settings[run.embedding], own)

    def only(self, runs: Sequence[TrainSettings]) -> Creations:
        """Return those of some runs."""
        return Creations({run.embedding: self.settings[run.embedding] for run in runs}, self.folder)
