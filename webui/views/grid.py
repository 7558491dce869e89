"""A grid of pictures as HTML, with its buttons; and one of its cells from close by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from textual_inversion.errors import StorageError
from textual_inversion.generation.grids.manifest import (
    CELLS,
    PICTURE,
    AxisOfGrid,
    CellOfGrid,
    Grid,
    list_grids,
    newest_grid,
    read_grid,
)
from textual_inversion.generation.grids.votes import VOTES, read_votes
from textual_inversion.images.files import read_infotext
from textual_inversion.runs.state import Run
from textual_inversion.storage.paths import find_folder
from webui.html import paragraph, render
from webui.served_images import picture_url, thumbnail_url

_EMPTY = "No grid yet. What varies goes into the columns and the rows; then press Draw grid."
_THUMBS = (("up", "Good"), ("down", "Bad"))
_STEP = "step"


@dataclass(frozen=True)
class Picture:
    """A cell as the page shows it; `key` says which it is, `picture` is empty until it is drawn."""

    key: str
    label: str
    picture: str
    thumb: str = ""


@dataclass(frozen=True)
class Line:
    """A row of cells, or with `rows` a page of them."""

    label: str
    cells: tuple[Picture, ...] = ()
    rows: tuple[Line, ...] = ()


def key_of(folder: Path) -> str:
    """Name a grid by the end of its folder: its day and its number."""
    return f"{folder.parent.name}/{folder.name}"


def find_grid(key: str, run: Run | None) -> Path | None:
    """Find the folder of a grid, the job's own included; None where there is none of that key."""
    own = [Path(run.folder)] if run is not None and run.folder else []
    folders = [*own, *list_grids(find_folder("outputs"))]
    return next((folder for folder in folders if key_of(folder) == key), None)


def newest(run: Run | None) -> Path | None:
    """Return the grid that the job draws or drew, else the newest on disk."""
    if run is not None and run.folder:
        return Path(run.folder)
    return newest_grid(find_folder("outputs"))


def sheet_state_key(folder: Path | None, run: Run | None) -> object:
    """Mark a state of a grid: its files and its thumbs."""
    if folder is None:
        return None
    votes = folder / VOTES
    drawn = [len(run.files), run.is_active] if run is not None else []
    return [str(folder), *drawn, votes.stat().st_mtime_ns if votes.exists() else 0]


def sheet_html(folder: Path | None) -> Markup:
    """Draw a grid with its labels; cells that are not drawn yet are empty."""
    if folder is None:
        return paragraph(_EMPTY, style="none")
    try:
        grid = read_grid(folder)
    except StorageError as error:
        return paragraph(str(error), style="wrong")
    votes = read_votes(folder)
    pictures = {
        (cell.page, cell.row, cell.column): _picture(grid, cell, folder, votes)
        for cell in grid.cells
    }
    whole = folder / PICTURE
    return render(
        "grids/sheet",
        grid=grid,
        pages=_pages(grid, pictures),
        num_done=sum(bool(picture.picture) for picture in pictures.values()),
        folder=str(folder),
        thumbs=_THUMBS,
        whole=picture_url(str(whole)) if whole.is_file() else "",
        download=f"grid-{folder.parent.name}-{folder.name}.png",
    )


def cell_html(folder: Path, file: str) -> Markup:
    """Draw a cell from close by, with a slider along the steps that were drawn beside it."""
    grid = read_grid(folder)
    cell = grid.cell(file)
    if cell is None:
        return Markup()
    axis, along = _along(grid, cell)
    steps = [_picture(grid, one, folder, {}) for one in along if _is_drawn(folder, one)]
    keys = [step.key for step in steps]
    shown = _picture(grid, cell, folder, {})
    if not shown.picture:
        return Markup()
    return render(
        "grids/cell",
        picture=shown.picture,
        label=shown.label,
        axis=axis.label,
        steps=steps if len(steps) > 1 else [],
        place=keys.index(shown.key) if shown.key in keys else 0,
        infotext=read_infotext(folder / CELLS / file),
    )


def _along(grid: Grid, cell: CellOfGrid) -> tuple[AxisOfGrid, list[CellOfGrid]]:
    """List the cells that differ from one only in their steps, or else along the longest axis."""
    places = {"columns": "column", "rows": "row", "pages": "page"}
    axes = {name: getattr(grid, name) for name in places}
    chosen = next((name for name, axis in axes.items() if axis.name == _STEP), None)
    chosen = chosen or max(axes, key=lambda name: len(axes[name].values))
    fixed = [part for name, part in places.items() if name != chosen]
    same = [
        one
        for one in grid.cells
        if all(getattr(one, part) == getattr(cell, part) for part in fixed)
    ]
    return axes[chosen], same


def _pages(grid: Grid, pictures: dict[tuple[int, int, int], Picture]) -> list[Line]:
    columns = range(len(grid.columns.values))
    return [
        Line(
            page_label,
            rows=tuple(
                Line(row_label, tuple(pictures[page, row, column] for column in columns))
                for row, row_label in enumerate(grid.rows.values)
            ),
        )
        for page, page_label in enumerate(grid.pages.values)
    ]


def _picture(grid: Grid, cell: CellOfGrid, folder: Path, votes: Mapping[str, str]) -> Picture:
    values = zip(grid.axes, (cell.column, cell.row, cell.page), strict=True)
    label = ", ".join(f"{axis.label}: {axis.values[part]}" for axis, part in values if axis.label)
    path = folder / CELLS / cell.file
    picture = thumbnail_url(str(path)) if path.is_file() else ""
    return Picture(f"{key_of(folder)}/{cell.file}", label, picture, votes.get(cell.file, ""))


def _is_drawn(folder: Path, cell: CellOfGrid) -> bool:
    return (folder / CELLS / cell.file).is_file()
