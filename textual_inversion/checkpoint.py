"""Exact resume: what a run needs to go on at a step as if it had never stopped.

All randomness is addressed by the step (`randomness`), so a checkpoint is the vectors, the
optimizer's state, the number of updates and where the embedding came from: a few KB.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from textual_inversion.errors import TrainingError
from textual_inversion.files.embedding import Embedding
from textual_inversion.files.storage import write_whole
from textual_inversion.runfolder import checkpoint_updates, newest_checkpoint

KEEP = 3
_VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read back: the file, its run folder, and the learner's state."""

    path: Path
    name: str
    state: dict[str, Any]

    @property
    def run_folder(self) -> Path:
        """Give the run folder that the checkpoint lies in."""
        return self.path.parent.parent

    @property
    def updates(self) -> int:
        """Count the updates it holds."""
        return int(self.state["updates"])


def write_checkpoint(folder: Path, name: str, state: dict[str, Any]) -> Path:
    """Write `<folder>/checkpoints/<name>-<updates>.ckpt` whole, and drop all but the last few."""
    path = folder / "checkpoints" / f"{name}-{state['updates']}.ckpt"
    buffer = io.BytesIO()
    torch.save({"version": _VERSION, "name": name, **state}, buffer)
    write_whole(path, buffer.getvalue())
    for old in sorted(path.parent.glob("*.ckpt"), key=checkpoint_updates)[:-KEEP]:
        old.unlink(missing_ok=True)
    return path


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint without unpickling anything but tensors and plain values."""
    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        raise TrainingError(
            f"The checkpoint {path} cannot be read; remove it, or start anew with --resume never."
        ) from None
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        raise TrainingError(
            f"{path} is no checkpoint of this version; start anew with --resume never."
        )
    state = {key: value for key, value in data.items() if key not in {"version", "name"}}
    return Checkpoint(path, str(data["name"]), state)


def find_checkpoint(log_dir: Path, embedding: Embedding, file: Path) -> Checkpoint | None:
    """Find where to go on with an embedding: its newest run, if the file still belongs to it.

    It does when it holds the checkpoint's own vectors (the run was stopped), or is older than the
    checkpoint (the run was cut off before it could save). An embedding made anew does not.
    """
    found = [
        path
        for folder in log_dir.glob(f"*/{_escaped(embedding.name)}*")
        if (path := newest_checkpoint(folder))
    ]
    for path in sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        checkpoint = read_checkpoint(path)
        if checkpoint.name != embedding.name:
            continue
        cut_off = file.stat().st_mtime_ns < path.stat().st_mtime_ns
        return checkpoint if cut_off or _same(checkpoint, embedding) else None
    return None


def _same(checkpoint: Checkpoint, embedding: Embedding) -> bool:
    saved = checkpoint.state["embedding"]
    return len(saved) == len(embedding.vectors) and all(
        torch.equal(ours, theirs) for ours, theirs in zip(saved, embedding.vectors, strict=True)
    )


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in name)
