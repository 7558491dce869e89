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

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.errors import TrainingError
from textual_inversion.runs.folder import (
    checkpoint_updates,
    drop_checkpoints_after,
    newest_checkpoint,
)
from textual_inversion.settings import TrainSettings
from textual_inversion.storage.atomic import write_whole

_VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read back: the file, its run folder, and the learner's state."""

    path: Path
    name: str
    state: dict[str, Any]

    @property
    def run_folder(self) -> Path:
        """The run folder that the checkpoint lies in."""
        return self.path.parent.parent

    @property
    def updates(self) -> int:
        """Count the updates it holds."""
        return int(self.state["updates"])


def write_checkpoint(folder: Path, name: str, state: dict[str, Any], *, limit: int) -> Path:
    """Write `<folder>/checkpoints/<name>-<updates>.ckpt` whole, and drop what it replaces.

    Of those before it the last `limit` stay, itself counted; with 0 all of them. Those after it are
    of steps that are taken anew, because the run went on from an earlier one.
    """
    path = folder / "checkpoints" / f"{name}-{state['updates']}.ckpt"
    buffer = io.BytesIO()
    torch.save({"version": _VERSION, "name": name, **state}, buffer)
    write_whole(path, buffer.getvalue())
    drop_checkpoints_after(folder, state["updates"])
    written = sorted(path.parent.glob("*.ckpt"), key=checkpoint_updates)
    for old in written[:-limit] if limit else ():
        old.unlink(missing_ok=True)
    return path


def read_resumed(resume: str, name: str) -> Checkpoint:
    """Read the checkpoint that a path names: the newest of a run folder, or that very file.

    Raises:
        TrainingError: There is none, or it is of another embedding than `name`.
    """
    path = _checkpoint_at(Path(resume))
    if path is None:
        raise TrainingError(
            f'There is no checkpoint in "{resume}"; set resume to a run folder that has one, to '
            'one of the files in its checkpoints folder, to "latest", or to "never".'
        )
    checkpoint = read_checkpoint(path)
    if checkpoint.name != name:
        raise TrainingError(
            f'The checkpoint {path} is of the embedding "{checkpoint.name}", not of "{name}".'
        )
    return checkpoint


def _checkpoint_at(path: Path) -> Path | None:
    if path.is_dir():
        return newest_checkpoint(path.parent if path.name == "checkpoints" else path)
    # People leave the ending out, as diffusers' checkpoint-1500 has none.
    named = (path, path.with_name(f"{path.name}.ckpt"))
    return next((found for found in named if found.is_file()), None)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint without unpickling anything but tensors and plain values."""
    try:
        data = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        raise TrainingError(
            f"The checkpoint {path} cannot be read; remove it, or set resume to "
            '"never" to start anew.'
        ) from None
    if not isinstance(data, dict) or data.get("version") != _VERSION:
        raise TrainingError(
            f'{path} is no checkpoint of this version; set resume to "never" to start anew.'
        )
    state = {key: value for key, value in data.items() if key not in {"version", "name"}}
    return Checkpoint(path, str(data["name"]), state)


def check_optimizer(state: dict[str, Any], settings: TrainSettings) -> None:
    """Raise TrainingError when a checkpoint's state is of another optimizer than the settings'."""
    then, now = state["optimizer_name"], settings.optimizer_name
    if then != now:
        raise TrainingError(
            f'The checkpoint was made with the optimizer {then} and not {now}; choose "{then}" '
            'or "auto" to go on from it, or set resume to "never" to start anew.'
        )


def find_checkpoint(log_dir: Path, embedding: Embedding, file: Path) -> Checkpoint | None:
    """Find where to go on with an embedding: its newest run, if the file still belongs to it.

    It does when it holds the checkpoint's own vectors (the run was stopped), or is older than the
    checkpoint (the run was killed before it could save). An embedding created anew does not.
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
        was_killed = file.stat().st_mtime_ns < path.stat().st_mtime_ns
        return checkpoint if was_killed or _same(checkpoint, embedding) else None
    return None


def _same(checkpoint: Checkpoint, embedding: Embedding) -> bool:
    saved = checkpoint.state["embedding"]
    return len(saved) == len(embedding.vectors) and all(
        torch.equal(ours, theirs) for ours, theirs in zip(saved, embedding.vectors, strict=True)
    )


def _escaped(name: str) -> str:
    return "".join(f"[{letter}]" if letter in "[]*?" else letter for letter in name)
