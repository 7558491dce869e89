"""What is sent to a node and what comes back: plain values."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual_inversion.settings import TrainSettings
from textual_inversion.sweeps.batch import RunEvent
from textual_inversion.sweeps.engines.base import Creations
from textual_inversion.sweeps.engines.files import File


@dataclass(frozen=True)
class BatchJob:
    """Runs that share their passes on one node.

    `runs` name files by where they lie on the node; `files` are written into its working folder:
    what earlier sittings left of the runs, templates, and the like. `models` are the paths here
    of base models, VAEs and tokenizers, by the names that settings have for them. With `until` the
    runs stop when their fixed batch is measured at that step or next after it.
    """

    runs: tuple[TrainSettings, ...]
    creations: Creations
    at_once: int
    files: tuple[File, ...]
    models: dict[str, str]
    version: str
    until: int | None = None


@dataclass(frozen=True)
class Parcel:
    """What has changed of a run since the parcel before.

    `folder` is its run folder, RUNS/<day>/<name> on the node; `files` have paths below the node's
    working folder, and `names` are all that are in the run folder.
    """

    run: str
    folder: str
    files: tuple[File, ...]
    names: frozenset[str]


@dataclass(frozen=True)
class Report:
    """Events and parcels in their order; with an `error`, the batch has ended by it."""

    items: tuple[RunEvent | Parcel, ...] = field(default_factory=tuple)
    error: str = ""


# Where a node keeps things, below its working folder.
RUNS = "runs"
EMBEDDINGS = "embeddings"
DATASETS = "datasets"
ATTACHED = "attached"
