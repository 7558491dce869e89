"""What of an earlier training may be deleted, and only after a question. Light."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from commandline.compat.checkpoints import checkpoints
from textual_inversion.runs.folder import is_running


def intermediates(output: Path) -> list[Path]:
    """List the checkpoint-N folders and the vectors of earlier steps in an output folder."""
    return [*checkpoints(output), *sorted(output.glob("learned_embeds*-steps-*.bin"))]


def run_folders(logs: Path) -> list[Path]:
    """List the run folders in which no process works."""
    return sorted(log.parent for log in logs.glob("*/*/events.jsonl") if not is_running(log.parent))


def megabytes(paths: Iterable[Path]) -> float:
    """Add up the sizes of files and folders, in millions of bytes."""
    return sum(file.stat().st_size for path in paths for file in _files(path)) / 1e6


def delete(paths: Iterable[Path]) -> None:
    """Delete files and folders."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
