"""An evaluation as the page shows it, and the files that its buttons name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from textual_inversion.errors import StorageError
from textual_inversion.evaluation.snapshots.record import (
    NAME,
    Evaluation,
    Subject,
    evaluations,
    read_evaluation,
)
from textual_inversion.evaluation.snapshots.report import evaluation_html
from textual_inversion.runs.state import Run
from textual_inversion.storage.paths import find_folder
from webui.html import paragraph
from webui.served_images import thumbnail_url

_EMPTY = "No evaluation yet. Choose an embedding that you have trained, then press Evaluate."
_USE = "Make this the embedding"


def key_of(folder: Path) -> str:
    """Name an evaluation by the end of its folder: its day and its embedding."""
    return f"{folder.parent.name}/{folder.name}"


def find_evaluation(key: str, run: Run | None) -> Path:
    """Find the folder of an evaluation, the job's own included.

    Raises:
        StorageError: There is none of that key.
    """
    for folder in _folders(run):
        if key_of(folder) == key:
            return folder
    raise StorageError(f"The evaluation {key[:60]!r} is not there any more; evaluate again.")


def find_candidate(which: str, run: Run | None) -> tuple[Evaluation, Subject]:
    """Find what a button names: <day>/<folder>/<place among the candidates>.

    Raises:
        StorageError: It is not there any more.
    """
    key, _, place = which.rpartition("/")
    evaluation = read_evaluation(find_evaluation(key, run))
    if not place.isdecimal() or int(place) >= len(evaluation.candidates):
        raise StorageError(f"The evaluation {key[:60]!r} has changed; look at it again.")
    return evaluation, evaluation.candidates[int(place)]


def newest(run: Run | None) -> Path | None:
    """Return the evaluation that the job wrote last, else the newest on disk."""
    return next(_folders(run), None)


def state_key(folder: Path | None) -> object:
    """Mark a state of an evaluation."""
    return [str(folder), (folder / NAME).stat().st_mtime_ns] if folder else None


def shown_html(folder: Path | None) -> Markup:
    """Draw an evaluation with a button for each choice; what cannot be read is said."""
    if folder is None:
        return paragraph(_EMPTY, style="none")
    try:
        evaluation = read_evaluation(folder)
    except StorageError as error:
        return paragraph(str(error), style="wrong")
    return evaluation_html(evaluation, folder, picture=_thumbnail, button=_USE, key=key_of(folder))


def _folders(run: Run | None) -> Iterator[Path]:
    """Find evaluations, the job's own first; lazily, for the page looks for the newest often."""
    if run is not None and run.result and (own := Path(run.result).parent / NAME).is_file():
        yield own.parent
    yield from evaluations(find_folder("outputs"))


def _thumbnail(path: Path) -> str:
    return thumbnail_url(str(path))
