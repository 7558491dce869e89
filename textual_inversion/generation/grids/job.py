"""The job that draws a grid: a picture for each cell as it comes, then all of them as one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

from textual_inversion.embeddings.library import Library
from textual_inversion.errors import StorageError, TextualInversionError
from textual_inversion.events import (
    Event,
    Finished,
    Loading,
    Progressed,
    Sampled,
    Saved,
    Started,
    Warned,
)
from textual_inversion.generation.batches import make_batches
from textual_inversion.generation.generate import draw
from textual_inversion.generation.grids.cache import CellCache, digest
from textual_inversion.generation.grids.manifest import (
    CELLS,
    PICTURE,
    AxisOfGrid,
    CellOfGrid,
    Grid,
    write_grid,
)
from textual_inversion.generation.grids.picture import compose
from textual_inversion.generation.grids.plan import Cell, Plan, make_plan
from textual_inversion.generation.init_image.canvas import open_canvas
from textual_inversion.generation.init_image.start import start_from
from textual_inversion.generation.named_embeddings import load_named_embeddings
from textual_inversion.generation.pictures import describe_params, save_picture
from textual_inversion.models.base import BaseModel
from textual_inversion.models.downloads.model import fetch_for_job
from textual_inversion.models.opening import open_model
from textual_inversion.runs.requests import Control
from textual_inversion.settings import GridSettings
from textual_inversion.storage.atomic import explain, whole_file
from textual_inversion.storage.paths import find_folder


def draw_grid(settings: GridSettings, control: Control) -> Iterator[Event]:
    """Draw the grid that `settings` describe; yields a Progressed for each cell.

    A stop keeps the cells that are done, and they are found again by the next grid.

    Raises:
        TextualInversionError: Something is wrong with the settings; one sentence.
    """
    plan = make_plan(settings, Library(find_folder("embeddings")))
    output = find_folder(settings.output) / "grids"
    folder = _new_folder(output / date.today().isoformat())
    grid = _describe(plan)
    write_grid(folder, grid)
    yield Started(plan.title, 0, plan.num_steps, str(folder))
    drawing = _Drawing(plan, grid, folder, CellCache(output / "cache"), control)
    try:
        yield from drawing.run()
    except TextualInversionError:
        if not drawing.done:  # a grid without any picture is nothing to keep
            shutil.rmtree(folder, ignore_errors=True)
        raise
    with whole_file(folder / PICTURE) as temporary:
        compose(grid, folder / CELLS).save(temporary, format="PNG")
    yield Saved(drawing.num_steps, "grid", str(folder / PICTURE))
    reason = "finished" if drawing.done == len(plan.cells) else "stopped"
    yield Finished(drawing.num_steps, reason, str(folder / PICTURE))


class _Drawing:
    """Draws the cells of a plan, those of one base model after the other."""

    def __init__(
        self, plan: Plan, grid: Grid, folder: Path, cache: CellCache, control: Control
    ) -> None:
        self.plan = plan
        self.files = dict(zip(plan.cells, grid.cells, strict=True))
        self.folder = folder / CELLS
        self.cache = cache
        self.control = control
        self.library = Library(find_folder("embeddings"))
        self.done = 0
        self.num_steps = 0  # done, of those of all cells
        self._said: set[str] = set()

    def run(self) -> Iterator[Event]:
        """Draw all cells; stops between two steps of a picture when asked to."""
        ordered = sorted(self.plan.cells, key=_base_model)
        for (name, vae, tokenizer), cells in groupby(ordered, key=_base_model):
            yield Loading(f"base model {name}")
            info = yield from fetch_for_job(name, self.control)
            model = open_model(info, vae=vae, tokenizer=tokenizer)
            for cell in cells:
                yield from self._draw(cell, model)
                if self.control.stopping:
                    return

    def _draw(self, cell: Cell, model: BaseModel) -> Iterator[Event]:
        params = make_batches(cell.settings, model)[0]
        varied = {}
        if cell.source:
            model.check_widths(cell.source.embedding.widths, cell.source.label)
            varied = {self.plan.word: cell.source.embedding.vectors}
        words, warnings = load_named_embeddings(params, self.library, model, varied)
        yield from self._new(warnings)
        path = self.folder / self.files[cell].file
        canvas = open_canvas(params.init, params.width, params.height) if params.init else None
        key = digest(model, params, words)
        if found := self.cache.find(key):
            self._copy(found, path)
        else:
            start = start_from(model, params, canvas) if canvas else None
            state = None
            for state in draw(model, params, words, start):
                done = cell.settings.steps * state.step // state.total
                yield Sampled(self.num_steps + done, self.plan.num_steps)
                if self.control.stopping:
                    return
            assert state is not None
            (picture,) = model.decode(state.latents, tiled=params.is_tiled)
            picture = canvas.finish(picture) if canvas else picture
            save_picture(path, picture, describe_params(model, params, 0, words))
            self.cache.add(key, path)
        self.done += 1
        self.num_steps += cell.settings.steps
        yield Progressed(self.num_steps, self.plan.num_steps, str(path))

    def _new(self, warnings: list[Warned]) -> Iterator[Warned]:
        """Pass on what was not said of another cell."""
        for warning in warnings:
            if warning.message not in self._said:
                self._said.add(warning.message)
                yield warning

    @staticmethod
    def _copy(source: Path, path: Path) -> None:
        with whole_file(path) as temporary:
            shutil.copyfile(source, temporary)


def _base_model(cell: Cell) -> tuple[str, str, str]:
    return cell.settings.model, cell.settings.vae, cell.settings.tokenizer


def _describe(plan: Plan) -> Grid:
    axes = {part: AxisOfGrid(axis.name, axis.label, axis.texts) for part, axis in plan.axes.items()}
    return Grid(title=plan.title, cells=tuple(map(_describe_cell, plan.cells)), **axes)


def _describe_cell(cell: Cell) -> CellOfGrid:
    page, row, column = cell.index
    cell_of_grid = CellOfGrid(page, row, column, f"{page + 1}-{row + 1}-{column + 1}.png")
    source = cell.source
    if source is None:
        return cell_of_grid
    return CellOfGrid(
        page, row, column, cell_of_grid.file, str(source.path), source.embedding.name, source.kept,
        source.hash,
    )  # fmt: skip


def _new_folder(day: Path) -> Path:
    """Make the day's next folder for a grid."""
    number = 1
    while True:
        folder = day / f"{number:03d}"
        try:
            folder.mkdir(parents=True)
            (folder / CELLS).mkdir()
        except FileExistsError:
            number += 1
        except OSError as error:
            raise StorageError(explain(folder, error, doing="make the grid's folder")) from None
        else:
            return folder
