"""Where an embedding's vectors come from: the run that trained them, its settings and previews."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual_inversion.embeddings.embedding import Embedding
from textual_inversion.embeddings.formats.exports.extras import Extras
from textual_inversion.errors import DatasetError
from textual_inversion.runs.history import Row, RunHistory
from textual_inversion.settings.knobs import walk
from textual_inversion.settings.train import TrainSettings
from textual_inversion.storage.paths import find_folder

if TYPE_CHECKING:
    from PIL import Image


def of_the_library(
    embedding: Embedding, path: Path, *, with_picture: bool
) -> tuple[Embedding, Extras]:
    """Add what is known here of an embedding of the library, for an export.

    Args:
        embedding: The embedding.
        path: Its file.
        with_picture: The export shows one: the newest preview.
    """
    run = find_run(embedding)
    picture = newest_preview(run) if with_picture else None
    extras = Extras(picture, "style" if is_style(run) else "object")
    return with_provenance(embedding, path, run), extras


def find_run(embedding: Embedding) -> Row | None:
    """Find the newest run that trained a word of this name as far as the embedding is."""
    rows = RunHistory(find_folder("runs")).rows()
    return next((r for r in rows if r.name == embedding.name and r.step == embedding.step), None)


def with_provenance(embedding: Embedding, path: Path, run: Row | None) -> Embedding:
    """Add the settings of its run and the date of its file, where the embedding has none."""
    settings = embedding.settings or (describe_settings(run.settings) if run else None)
    written = embedding.date or date.fromtimestamp(path.stat().st_mtime).isoformat()
    return dataclasses.replace(embedding, settings=settings, date=written)


def describe_settings(settings: dict[str, Any]) -> str:
    """Write the settings that differ from their defaults as JSON, without this machine's paths."""
    defaults = {knob.path: knob.default for knob in walk(TrainSettings)}
    changed = {
        key: value
        for key, value in settings.items()
        if key in defaults and value != defaults[key] and not _is_path(value)
    }
    return json.dumps(changed, ensure_ascii=False)


def newest_preview(run: Row | None) -> Image.Image | None:
    """Open the last preview of a run, if there is one."""
    return next(iter(newest_previews(run, 1)), None)


def newest_previews(run: Row | None, most: int) -> list[Image.Image]:
    """Open the last previews of a run, the newest first."""
    from textual_inversion.images.decoding import open_picture

    found: list[Image.Image] = []
    for path in _previews(run.folder) if run else []:
        if len(found) == most:
            break
        with contextlib.suppress(DatasetError):
            found.append(open_picture(path))
    return found


def newest_preview_file(run_folder: Path) -> Path | None:
    """Find the last preview of a run, if there is one."""
    return next(iter(_previews(run_folder)), None)


def is_style(run: Row | None) -> bool:
    """Whether a run's template says that the word is a style."""
    return run is not None and Path(str(run.settings.get("template", ""))).stem.startswith("style")


def _previews(run_folder: Path) -> list[Path]:
    return sorted((run_folder / "images").glob("*.png"), key=_age, reverse=True)


def _age(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, path.name


def _is_path(value: object) -> bool:
    return isinstance(value, str) and ("/" in value or "\\" in value)
