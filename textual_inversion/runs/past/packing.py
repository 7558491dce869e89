"""A run packed into one zip: what a process needs only while it works is left out."""

from __future__ import annotations

import zipfile
from pathlib import Path

from textual_inversion.runs.folder import run_key
from textual_inversion.storage.atomic import whole_file

_PASSING = (".part", ".lock", ".check", ".request")


def pack_run(folder: Path, target: Path) -> Path:
    """Write the files of a run folder to the zip `target`, below <folder>/; return `target`.

    Raises:
        StorageError: A file cannot be read, or the zip cannot be written.
    """
    with (
        whole_file(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive,
    ):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix not in _PASSING:
                archive.write(path, Path(folder.name) / path.relative_to(folder))
    return target


def file_name(folder: Path, ending: str) -> str:
    """Name a file about a run: <day>-<folder> and the ending."""
    return run_key(folder).replace("/", "-") + ending
