"""grid.json: what a grid's folder holds, so that it can be looked at long after it was drawn.

<output>/grids/<YYYY-MM-DD>/<number>/
    grid.json  grid.png  cells/<page>-<row>-<column>.png  votes.json
<output>/grids/cache/<digest>.png
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textual_inversion.errors import StorageError
from textual_inversion.storage.atomic import write_whole
from textual_inversion.storage.paths import by_day

NAME = "grid.json"
PICTURE = "grid.png"
CELLS = "cells"
_VERSION = 1


@dataclass(frozen=True)
class AxisOfGrid:
    """One axis: its name, the words beside its values, and the values as labels."""

    name: str
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class CellOfGrid:
    """One cell: its place, its file, and the vectors that it was drawn with.

    `embedding` is the path of their file, empty where no embedding varies; `name` is the embedding
    there, `kept` how many vectors of it (0: all), `vectors` their hash.
    """

    page: int
    row: int
    column: int
    file: str
    embedding: str = ""
    name: str = ""
    kept: int = 0
    vectors: str = ""


@dataclass(frozen=True)
class Grid:
    """A grid's folder: `columns`, `rows` and `pages`, and its cells in that order of pages."""

    title: str
    columns: AxisOfGrid
    rows: AxisOfGrid
    pages: AxisOfGrid
    cells: tuple[CellOfGrid, ...]

    @property
    def axes(self) -> tuple[AxisOfGrid, AxisOfGrid, AxisOfGrid]:
        """The columns, the rows and the pages."""
        return self.columns, self.rows, self.pages

    def cell(self, file: str) -> CellOfGrid | None:
        """Find a cell by its file."""
        return next((cell for cell in self.cells if cell.file == file), None)


def write_grid(folder: Path, grid: Grid) -> None:
    """Write a folder's grid.json."""
    data = {"version": _VERSION, **asdict(grid)}
    write_whole(folder / NAME, json.dumps(data, indent=1, ensure_ascii=False).encode())


def read_grid(folder: Path) -> Grid:
    """Read a folder's grid.json.

    Raises:
        StorageError: There is none, or it is not one that this program wrote.
    """
    path = folder / NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        axes = {name: _axis(data[name]) for name in ("columns", "rows", "pages")}
        cells = tuple(CellOfGrid(**cell) for cell in data["cells"])
        grid = Grid(title=str(data["title"]), cells=cells, **axes)
        _check(grid)
    except OSError as error:
        raise StorageError(f"The grid {path} cannot be read: {error.strerror}.") from None
    except (ValueError, LookupError, TypeError) as error:
        raise StorageError(
            f"{path} does not describe a grid ({type(error).__name__}); draw the grid again."
        ) from None
    return grid


def find_cell(folder: Path, file: str) -> CellOfGrid:
    """Find a cell of a folder's grid by its file.

    Raises:
        StorageError: There is none, or the grid cannot be read.
    """
    cell = read_grid(folder).cell(file)
    if cell is None:
        raise StorageError(f"The grid {folder} has no cell {file[:60]!r}; look at it again.")
    return cell


def list_grids(output: Path) -> list[Path]:
    """List the folders of grids below an output folder, the newest first."""
    return [*by_day(output / "grids", NAME)]


def newest_grid(output: Path) -> Path | None:
    """Find the newest one, looking at the last day only."""
    return next(by_day(output / "grids", NAME), None)


def _axis(data: dict[str, Any]) -> AxisOfGrid:
    return AxisOfGrid(str(data["name"]), str(data["label"]), tuple(map(str, data["values"])))


def _check(grid: Grid) -> None:
    """Raise a ValueError for a cell outside of the grid or of its folder."""
    sizes = [len(axis.values) for axis in (grid.pages, grid.rows, grid.columns)]
    for cell in grid.cells:
        inside = all(
            0 <= index < size
            for index, size in zip((cell.page, cell.row, cell.column), sizes, strict=True)
        )
        if not inside or Path(cell.file).name != cell.file or not cell.file.endswith(".png"):
            raise ValueError(cell.file)
