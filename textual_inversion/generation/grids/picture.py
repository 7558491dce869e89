"""The one picture of a grid: its cells in rows and columns with their labels, page below page."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from textual_inversion.generation.grids.manifest import AxisOfGrid, Grid

_MOST_PIXELS = 16_000  # of a side; larger cells are reduced
_GAP = 4
_INK, _PAPER, _EMPTY = (24, 28, 36), (255, 255, 255), (228, 231, 236)
_MOST_LINES = 4
_FONTS = ("DejaVuSans.ttf", "Arial.ttf", "Arial Unicode.ttf", "NotoSans-Regular.ttf")


def compose(grid: Grid, cells: Path) -> Image.Image:
    """Draw a grid from the files of its cells; one that is not there stays grey."""
    layout = _Layout(grid, cells)
    sheet = Image.new("RGB", layout.size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    for page in range(len(grid.pages.values)):
        layout.label(draw, page)
    for cell in grid.cells:
        box = layout.corner(cell.page, cell.row, cell.column)
        sheet.paste(layout.open(cells / cell.file), box)
    return sheet


class _Layout:
    """Where everything stands, in pixels."""

    def __init__(self, grid: Grid, cells: Path) -> None:
        self.grid = grid
        self.counts = tuple(len(axis.values) for axis in grid.axes)  # columns, rows, pages
        self.cell = _cell_size(grid, cells, self.counts)
        self.font = _font(max(11, min(self.cell[0] // 14, 40)))
        self.line = int(self.font.size * 1.35)  # pyright: ignore[reportAttributeAccessIssue]
        self.per_line = max(6, int(self.cell[0] / (self.line * 0.42)))
        self.head = self._height(grid.columns)
        self.side = self._side()
        self.page_head = self.line * 2 if self.counts[2] > 1 else 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole picture."""
        width = self.side + self.counts[0] * (self.cell[0] + _GAP) + _GAP
        return width, self.counts[2] * self._page_height()

    def corner(self, page: int, row: int, column: int) -> tuple[int, int]:
        """Return the left upper corner of a cell."""
        left = self.side + _GAP + column * (self.cell[0] + _GAP)
        top = self._top(page) + self.head + _GAP + row * (self.cell[1] + _GAP)
        return left, top

    def open(self, path: Path) -> Image.Image:
        """Open a cell at its size; grey where there is no file."""
        try:
            with Image.open(path) as picture:
                whole = picture.convert("RGB")
        except (OSError, ValueError):
            return Image.new("RGB", self.cell, _EMPTY)
        whole.thumbnail(self.cell, Image.Resampling.LANCZOS)
        framed = Image.new("RGB", self.cell, _EMPTY)
        left, top = ((self.cell[i] - whole.size[i]) // 2 for i in (0, 1))
        framed.paste(whole, (left, top))
        return framed

    def label(self, draw: ImageDraw.ImageDraw, page: int) -> None:
        """Write a page's heading, the labels above its columns and beside its rows."""
        if self.page_head:
            text = _labels(self.grid.pages)[page]
            top = self._top(page) - self.page_head // 2
            self._write(draw, text, (self.size[0] // 2, top), anchor="mm")
        for column, text in enumerate(_labels(self.grid.columns)):
            left, top = self.corner(page, 0, column)
            center = (left + self.cell[0] // 2, top - _GAP - self.head // 2)
            self._write(draw, self._wrap(text), center, anchor="mm")
        for row, text in enumerate(_labels(self.grid.rows)):
            _, top = self.corner(page, row, 0)
            self._write(draw, self._wrap(text), (self.side // 2, top + self.cell[1] // 2), "mm")

    def _write(
        self, draw: ImageDraw.ImageDraw, text: str, at: tuple[int, int], anchor: str
    ) -> None:
        draw.multiline_text(at, text, fill=_INK, font=self.font, anchor=anchor, align="center")

    def _wrap(self, text: str) -> str:
        lines = textwrap.wrap(text, self.per_line, break_long_words=True) or [""]
        if len(lines) > _MOST_LINES:
            lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1][: self.per_line - 1] + "…"]
        return "\n".join(lines)

    def _height(self, axis: AxisOfGrid) -> int:
        lines = max(self._wrap(text).count("\n") + 1 for text in _labels(axis))
        return self.line * lines + 2 * _GAP if axis.label else 0

    def _side(self) -> int:
        if not self.grid.rows.label:
            return 0
        texts = [line for text in _labels(self.grid.rows) for line in self._wrap(text).split("\n")]
        return int(max(self.font.getlength(text) for text in texts)) + 4 * _GAP

    def _page_height(self) -> int:
        return self.page_head + self.head + self.counts[1] * (self.cell[1] + _GAP) + _GAP

    def _top(self, page: int) -> int:
        return page * self._page_height() + self.page_head


def _labels(axis: AxisOfGrid) -> list[str]:
    """Write an axis's values with its label: "Step: 100"; a prompt speaks for itself."""
    plain = axis.name in ("prompt", "negative_prompt", "prompt s/r")
    return [value if plain or not axis.label else f"{axis.label}: {value}" for value in axis.values]


def _cell_size(grid: Grid, cells: Path, counts: tuple[int, ...]) -> tuple[int, int]:
    """Return the size of the largest cell, reduced where the sheet would be too large."""
    sizes = [size for cell in grid.cells if (size := _size(cells / cell.file))]
    width = max((size[0] for size in sizes), default=128)
    height = max((size[1] for size in sizes), default=128)
    factor = min(
        1.0, _MOST_PIXELS / (counts[0] * width), _MOST_PIXELS / (counts[1] * counts[2] * height)
    )
    return max(8, int(width * factor)), max(8, int(height * factor))


def _size(path: Path) -> tuple[int, int] | None:
    try:
        with Image.open(path) as picture:
            return picture.size
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    for name in _FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
