"""A table of concepts: one training for each line of a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from textual_inversion.errors import EmbeddingError, SettingsError
from textual_inversion.names import check_name
from textual_inversion.settings import BatchSettings, TrainSettings
from textual_inversion.sweeps.plan import MOST_RUNS, Plan, PlannedRun, check_varies, make_run

# Without these two a line trains nothing; all else has a default.
_NEEDED = tuple(name for name, info in TrainSettings.model_fields.items() if info.is_required())


def plan_concepts(settings: BatchSettings) -> Plan:
    """Plan a run for each line of the table.

    Raises:
        SettingsError: The file cannot be read, a column is missing or unknown, or a line is wrong.
    """
    path = Path(settings.concepts).expanduser()
    titles, lines = _read(path)
    runs: list[PlannedRun] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        where = f"Line {number} of {path}"
        run = _make(settings, dict(zip(titles, cells, strict=True)), where)
        before = seen.setdefault(run.name.casefold(), number)
        if before != number:
            raise SettingsError(f'{where} has the embedding "{run.name}" of line {before} again.')
        runs.append(run)
    if not runs:
        raise SettingsError(f"{path} has no line below its titles; write one for each concept.")
    if len(runs) > MOST_RUNS:
        raise SettingsError(f"{path} has {len(runs):,} lines; {MOST_RUNS:,} are the most.")
    varied = tuple(title for title in titles if title != _NEEDED[0])
    return Plan("batch", path.stem, "", settings, varied, tuple(runs))


def _make(settings: BatchSettings, cells: dict[str, str], where: str) -> PlannedRun:
    values = {title: cell for title, cell in cells.items() if cell}
    name = values.pop(_NEEDED[0], "")
    try:
        return make_run(settings, check_name(name), values)
    except (SettingsError, EmbeddingError) as error:
        raise SettingsError(f"{where}: {error}") from None


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read the titles, and the lines that say something with their numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(number, row) for number, row in _rows(file) if any(row)]
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no CSV file in UTF-8: {error}.") from None
    if not rows:
        raise SettingsError(f"{path} is empty; its first line names the columns: {_columns()}.")
    titles = [title.replace("-", "_") for title in rows[0][1]]
    _check_titles(titles, path)
    for number, row in rows[1:]:
        if len(row) > len(titles):
            raise SettingsError(
                f"Line {number} of {path} has {len(row)} cells for {len(titles)} columns; put a "
                "cell with a comma in quotes."
            )
    return titles, [(n, row + [""] * (len(titles) - len(row))) for n, row in rows[1:]]


def _rows(file: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, skipinitialspace=True)
    for row in reader:
        yield reader.line_num, [cell.strip() for cell in row]


def _check_titles(titles: list[str], path: Path) -> None:
    for needed in _NEEDED:
        if needed not in titles:
            raise SettingsError(
                f"{path} has no column {needed}; its first line names the columns: {_columns()}."
            )
    for title in titles:
        if titles.count(title) > 1:
            raise SettingsError(f'{path} has the column "{title}" twice; leave one of them out.')
        if title not in _NEEDED:
            check_varies(title, BatchSettings, where=str(path))


def _columns() -> str:
    return f"{', '.join(_NEEDED)} and any settings that differ, such as initialization_text"
