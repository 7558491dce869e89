"""The folders that are scanned for base models: models/, and those that a user adds. Light.

The added ones are kept in a JSON list of paths, .textual-inversion/model_folders.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from textual_inversion.errors import ModelError
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import find_folder, kept_file

_FILE = "model_folders.json"
_MAX_BYTES = 2**16


def scanned_folders() -> list[Path]:
    """List models/ and the added folders."""
    return [find_folder("models"), *added_folders()]


def added_folders() -> list[Path]:
    """Read the folders that were added; none where the file is missing or broken."""
    path = kept_file(_FILE)
    try:
        if path.stat().st_size > _MAX_BYTES:
            return []
        paths = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    kept = paths if isinstance(paths, list) else []
    return [Path(path) for path in kept if isinstance(path, str) and path]


def keep_folders(paths: Iterable[str]) -> list[Path]:
    """Keep these as the added folders; relative paths are taken from the working directory.

    Raises:
        ModelError: One is not a folder.
        StorageError: The list cannot be written.
    """
    given = [Path(path.strip()).expanduser() for path in paths if path.strip()]
    folders = list(dict.fromkeys(folder.absolute() for folder in given))
    wrong = next((folder for folder in folders if not folder.is_dir()), None)
    if wrong is not None:
        raise ModelError(f"{wrong} is not a folder; give the path of one that holds base models.")
    content = json.dumps([str(folder) for folder in folders], indent=2, ensure_ascii=False)
    write_whole(kept_file(_FILE), content.encode() + b"\n")
    return folders
