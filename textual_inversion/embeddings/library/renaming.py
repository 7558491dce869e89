"""An embedding gets another name, and keeps what is known of its training.

Runs are found by the name that was trained, and their folders keep it. So the settings go into the
embedding's file, and the newest preview beside it, where AUTOMATIC1111 looks for a picture.
"""

from __future__ import annotations

import dataclasses
import shutil
from contextlib import suppress
from pathlib import Path

from textual_inversion.embeddings import formats
from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.library.beside import picture_beside
from textual_inversion.embeddings.library.library import Library
from textual_inversion.embeddings.provenance import find_run, newest_preview_file, with_provenance
from textual_inversion.errors import EmbeddingError, SettingsError
from textual_inversion.names import strip_brackets
from textual_inversion.runs.folder import running_folders
from textual_inversion.settings import read_settings_file
from textual_inversion.storage.paths import find_folder


def rename(library: Library, name: str, new_name: str) -> Path:
    """Rename an embedding as the library does, and keep its settings and preview with it.

    Raises:
        EmbeddingError: There is none, it is being trained, or the name is taken.
    """
    refuse_while_trained(name)
    embedding, path = library.load(name), library.path_of(name)
    run = find_run(embedding)
    known = with_provenance(embedding, path, run)
    new_path = library.rename(name, new_name)
    if run is None:
        return new_path
    preview = newest_preview_file(run.folder)
    if preview and picture_beside(new_path) is None:
        with suppress(OSError):  # the name has changed already; the picture is a courtesy
            shutil.copy2(preview, new_path.with_name(f"{new_path.stem}.preview{preview.suffix}"))
    _write_settings(new_path, known)
    return new_path


def refuse_while_trained(name: str) -> None:
    """Refuse to take an embedding away from a training, which would save it under its old name.

    Raises:
        EmbeddingError: A process of this machine trains it.
    """
    wanted = strip_brackets(name)
    for folder in running_folders(find_folder("runs")):
        if _trained_in(folder) == wanted:
            raise EmbeddingError(
                f"{wanted} is being trained in {folder}, which saves it under this name at the "
                f"end; wait for that, or stop it with: ti stop {wanted}."
            )


def _trained_in(folder: Path) -> str:
    try:
        return strip_brackets(str(read_settings_file(folder / "settings.json").get("embedding")))
    except SettingsError:
        return ""


def _write_settings(path: Path, known: Embedding) -> None:
    (renamed,) = formats.read_all(path)
    if not renamed.settings and known.settings:
        formats.write(dataclasses.replace(renamed, settings=known.settings, date=known.date), path)
