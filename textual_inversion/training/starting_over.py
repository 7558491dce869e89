"""An embedding that was trained begins anew with the vectors that its run began with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from textual_inversion.embeddings.library import Library
from textual_inversion.embeddings.library.replacing import replace_vectors
from textual_inversion.events import Started
from textual_inversion.runs.state import read_events
from textual_inversion.training.checkpoint import Checkpoint, find_checkpoint


def run_to_continue(library: Library, name: str, log_dir: Path) -> Checkpoint | None:
    """Find the checkpoint that resume "latest" goes on from; None where a new run would begin.

    Raises:
        TextualInversionError: The embedding or the newest checkpoint cannot be read.
    """
    entry = library.find(name)
    if entry is None or entry.problem:
        return None
    return find_checkpoint(log_dir, library.load(name), entry.path)


def start_over(library: Library, checkpoint: Checkpoint) -> str:
    """Give an embedding back the vectors and the step with which its run began.

    Returns:
        What the embedding as it was is kept as; empty where it has those vectors already.

    Raises:
        EmbeddingError: The embedding is gone, or is being trained.
        StorageError: A file could not be written.
    """
    present = library.load(checkpoint.name)
    first = dataclasses.replace(
        present,
        vectors=tuple(checkpoint.state["origin"]),
        step=_first_step(checkpoint.run_folder),
        settings=None,
        date=None,
    )
    return replace_vectors(library, checkpoint.name, first)


def _first_step(folder: Path) -> int:
    """Read with how many steps a run began: more than none if its embedding was trained before."""
    log = folder / "events.jsonl"
    events = read_events(log.read_bytes().splitlines() if log.is_file() else [])
    return next((event.step for event in events if isinstance(event, Started)), 0)
